// 16 ranks cannot share the 8 kv heads of Llama 3 8B.
//
// expect: [ST-J710]
// expect: ST_J710<
// expect: write<
// expect: knobs::tensor_parallel_degree<8>
// expect: knobs::kv_heads<8>
// expect: knobs::tensor_parallel_degree<16>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{
    .model = st::llama3_8b, .parallel = {.tensor_parallel_degree = ST_TOKEN(16, 8)}, .world_size = 64}>;
static_assert(job::world_size > 0);
