// 3 x 4 devices are not 64.
//
// expect: [ST-J704]
// expect: ST_J704<
// expect: write<
// expect: knobs::data_parallel_shard_degree<16>
// expect: knobs::world_size<64>
// expect: knobs::data_parallel_replicate_degree<1>
// expect: knobs::data_parallel_shard_degree<3>
// expect: knobs::tensor_parallel_degree<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job =
    st::training_job<st::job{.model = st::llama3_8b,
                             .parallel = {.data_parallel_shard_degree = ST_TOKEN(3, 16), .tensor_parallel_degree = 4},
                             .world_size = 64}>;
static_assert(job::world_size > 0);
