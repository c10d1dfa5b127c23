// A configuration of 64 devices, checked with its memory.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.data_parallel_shard_degree = -1, .tensor_parallel_degree = 4},
                                     .world_size = 64,
                                     .seq_len = 8192,
                                     .local_batch_size = 2}>;
static_assert(st::fits<job, st::h100_sxm>);
