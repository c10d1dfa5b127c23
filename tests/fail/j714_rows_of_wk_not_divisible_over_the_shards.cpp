// Two kv heads of 16 columns are 32 rows of wk: too few for 64 devices.
//
// expect: [ST-J714]
// expect: ST_J714<
// expect: write<
// expect: knobs::kv_heads<2>
// expect: knobs::dim<256>
// expect: knobs::heads<16>
// expect: knobs::data_parallel_shard_degree<64>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.model = {.kv_heads = ST_TOKEN(2, 4), .vocabulary = 2048},
                                     .parallel = {.data_parallel_shard_degree = 64},
                                     .world_size = 64}>;
static_assert(job::world_size > 0);
