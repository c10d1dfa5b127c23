// Pipeline parallelism is not there yet.
//
// expect: [ST-J703]
// expect: ST_J703<
// expect: not supported yet
// expect: knobs::pipeline_parallel_degree<1>
// expect: knobs::pipeline_parallel_degree<2>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.parallel = {.pipeline_parallel_degree = ST_TOKEN(2, 1)}, .world_size = 8}>;
static_assert(job::world_size > 0);
