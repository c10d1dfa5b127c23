// Heads of 256 / 24 columns.
//
// expect: [ST-J706]
// expect: ST_J706<
// expect: knobs::dim<256>
// expect: knobs::heads<24>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = {.heads = ST_TOKEN(24, 16)}}>;
static_assert(job::world_size > 0);
