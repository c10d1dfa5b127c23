// FSDP splits the rows of w1 that a tensor rank has: 770 rows over 4 x 4.
//
// expect: [ST-J711]
// expect: ST_J711<
// expect: knobs::ffn_dim<770>
// expect: knobs::tensor_parallel_degree<4>
// expect: knobs::data_parallel_shard_degree<4>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{
    .model = {.ffn_dim = ST_TOKEN(770, 768)}, .parallel = {.tensor_parallel_degree = 4}, .world_size = 16}>;
static_assert(job::world_size > 0);
