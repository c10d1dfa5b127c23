// ZeRO has three stages.
//
// expect: [ST-J701]
// expect: ST_J701<
// expect: write<
// expect: knobs::zero_stage<3>
// expect: knobs::zero_stage<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.world_size = 8, .zero_stage = ST_TOKEN(4, 2)}>;
static_assert(job::world_size > 0);
