// 32 ranks cannot share 16 heads.
//
// expect: [ST-J709]
// expect: ST_J709<
// expect: write<
// expect: knobs::heads<16>
// expect: knobs::tensor_parallel_degree<32>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{
    .model = {.vocabulary = 2048}, .parallel = {.tensor_parallel_degree = ST_TOKEN(32, 16)}, .world_size = 32}>;
static_assert(job::world_size > 0);
