// Sequence parallelism splits the tokens between layers over the tensor ranks.
//
// expect: [ST-J708]
// expect: ST_J708<
// expect: write<
// expect: knobs::seq_len<1024>
// expect: knobs::seq_len<1023>
// expect: knobs::tensor_parallel_degree<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{
    .parallel = {.tensor_parallel_degree = 4}, .world_size = 4, .seq_len = ST_TOKEN(1023, 1024)}>;
static_assert(job::world_size > 0);
