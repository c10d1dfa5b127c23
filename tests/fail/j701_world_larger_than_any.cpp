// Numbers are bounded, so that their products are numbers.
//
// expect: [ST-J701]
// expect: ST_J701<
// expect: knobs::world_size<99000000>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.world_size = ST_TOKEN(99000000, 1)}>;
static_assert(job::world_size > 0);
