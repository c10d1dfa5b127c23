// The rest of 64 devices beside 3 is no whole number.
//
// expect: [ST-J704]
// expect: ST_J704<
// expect: knobs::tensor_parallel_degree<4>
// expect: knobs::data_parallel_shard_degree<-1>
// expect: knobs::tensor_parallel_degree<3>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job =
    st::training_job<st::job{.model = st::llama3_8b,
                             .parallel = {.data_parallel_shard_degree = -1, .tensor_parallel_degree = ST_TOKEN(3, 4)},
                             .world_size = 64}>;
static_assert(job::world_size > 0);
