// Four sequences of 8192 tokens leave too many activations; two fit.
//
// expect: [ST-J715]
// expect: ST_J715<
// expect: write<
// expect: knobs::local_batch_size<2>
// expect: knobs::parameters<501941248>
// expect: knobs::optimizer_states<1003882496>
// expect: knobs::activations<
// expect: knobs::device_memory<80000000000>
// expect: knobs::reserved<1073741824>
// expect: knobs::seq_len<8192>
// expect: knobs::local_batch_size<4>
// expect: knobs::tensor_parallel_degree<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.tensor_parallel_degree = 4},
                                     .world_size = 64,
                                     .seq_len = 8192,
                                     .local_batch_size = ST_TOKEN(4, 2)}>;
static_assert(st::fits<job, st::h100_sxm>);
