// Six kv heads: four ranks can neither split them nor share them, one for each.
//
// expect: [ST-J710]
// expect: ST_J710<
// expect: write<
// expect: knobs::tensor_parallel_degree<2>
// expect: knobs::kv_heads<6>
// expect: knobs::tensor_parallel_degree<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = {.dim = 192, .heads = 12, .kv_heads = ST_TOKEN(6, 2)},
                                     .parallel = {.tensor_parallel_degree = 4},
                                     .world_size = 8}>;
static_assert(job::world_size > 0);
