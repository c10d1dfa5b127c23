// Context parallelism is not there yet.
//
// expect: [ST-J703]
// expect: ST_J703<
// expect: knobs::context_parallel_degree<1>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.parallel = {.context_parallel_degree = ST_TOKEN(4, 1)}, .world_size = 8}>;
static_assert(job::world_size > 0);
