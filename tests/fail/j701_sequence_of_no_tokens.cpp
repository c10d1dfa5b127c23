// A sequence has at least one token.
//
// expect: [ST-J701]
// expect: ST_J701<
// expect: write<
// expect: knobs::seq_len<1>
// expect: knobs::seq_len<0>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.seq_len = ST_TOKEN(0, 2048)}>;
static_assert(job::world_size > 0);
