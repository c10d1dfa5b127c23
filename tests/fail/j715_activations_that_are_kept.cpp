// Four sequences of Llama 3 8B fit beside recomputed blocks only.
//
// expect: [ST-J715]
// expect: ST_J715<
// expect: knobs::local_batch_size<2>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.tensor_parallel_degree = 4},
                                     .world_size = 64,
                                     .seq_len = 8192,
                                     .local_batch_size = 4,
                                     .activation_checkpoint = st::checkpoint_mode::ST_TOKEN(none, full)}>;
static_assert(st::fits<job, st::h100_sxm>);
