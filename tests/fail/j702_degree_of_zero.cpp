// A degree of 1 switches a kind of parallelism off, not 0.
//
// expect: [ST-J702]
// expect: ST_J702<
// expect: write<
// expect: knobs::tensor_parallel_degree<1>
// expect: knobs::tensor_parallel_degree<0>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.parallel = {.tensor_parallel_degree = ST_TOKEN(0, 1)}, .world_size = 8}>;
static_assert(job::world_size > 0);
