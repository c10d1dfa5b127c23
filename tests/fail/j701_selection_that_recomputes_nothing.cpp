// One block in 33 of 32 is none.
//
// expect: [ST-J701]
// expect: ST_J701<
// expect: no_single_change
// expect: knobs::selective_ac_option<33>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .world_size = 64,
                                     .activation_checkpoint = st::checkpoint_mode::selective,
                                     .selective_ac_option = ST_TOKEN(33, 32)}>;
static_assert(job::world_size > 0);
