// Two sequences would fit, but a rank's 5 of the given global batch divide by 1 only.
//
// expect: [ST-J715]
// expect: ST_J715<
// expect: write<shardtype::knobs::local_batch_size<1>
// expect: knobs::local_batch_size<5>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.tensor_parallel_degree = 4},
                                     .world_size = 64,
                                     .seq_len = 8192,
                                     .local_batch_size = ST_TOKEN(5, 1),
                                     .global_batch_size = 80}>;
static_assert(st::fits<job, st::h100_sxm>);
