// The rows of wq and of the norms are split over the shards.
//
// expect: [ST-J713]
// expect: ST_J713<
// expect: write<
// expect: knobs::data_parallel_replicate_degree<2>
// expect: knobs::dim<240>
// expect: knobs::data_parallel_shard_degree<32>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job =
    st::training_job<st::job{.model = {.dim = 240, .heads = 8, .kv_heads = 8, .ffn_dim = 768, .vocabulary = 2048},
                             .parallel = {.data_parallel_replicate_degree = ST_TOKEN(1, 2)},
                             .world_size = 32}>;
static_assert(job::world_size > 0);
