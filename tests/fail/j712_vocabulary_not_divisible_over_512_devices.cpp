// 128256 rows over 512 devices; 256 divide it, in two copies.
//
// expect: [ST-J712]
// expect: ST_J712<
// expect: write<
// expect: knobs::data_parallel_shard_degree<256>
// expect: knobs::data_parallel_replicate_degree<2>
// expect: knobs::vocabulary<128256>
// expect: knobs::data_parallel_shard_degree<512>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{
    .model = st::llama3_8b, .parallel = {.data_parallel_replicate_degree = ST_TOKEN(1, 2)}, .world_size = 512}>;
static_assert(job::world_size > 0);
