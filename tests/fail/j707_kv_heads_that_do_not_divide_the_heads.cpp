// 16 query heads cannot share 6 kv heads evenly.
//
// expect: [ST-J707]
// expect: ST_J707<
// expect: knobs::heads<16>
// expect: knobs::kv_heads<6>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = {.kv_heads = ST_TOKEN(6, 8)}}>;
static_assert(job::world_size > 0);
