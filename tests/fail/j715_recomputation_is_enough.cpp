// One sequence of 65536 tokens fits beside recomputed blocks only.
//
// expect: [ST-J715]
// expect: ST_J715<
// expect: write<
// expect: activation_checkpoint_full
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.tensor_parallel_degree = 8},
                                     .world_size = 64,
                                     .seq_len = 65536,
                                     .local_batch_size = 1,
                                     .activation_checkpoint = st::checkpoint_mode::ST_TOKEN(none, full)}>;
static_assert(st::fits<job, st::h100_sxm>);
