// No batch is small enough for 16 bytes a parameter of 70B on 8 devices.
//
// expect: [ST-J715]
// expect: ST_J715<
// expect: knobs::more_devices
// expect: knobs::device_memory<141000000000>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_70b,
                                     .parallel = {.tensor_parallel_degree = 8},
                                     .world_size = ST_TOKEN(8, 128),
                                     .seq_len = 1024,
                                     .local_batch_size = 1}>;
static_assert(st::fits<job, st::h200_sxm>);
