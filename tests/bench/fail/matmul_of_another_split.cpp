// An axis that splits what is contracted in one operand and the columns of the other.
//
// expect: [ST-R301]
// expect: rules::linear
#include <shardtype/bench/matmul.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
using hidden = st::tensor<float, st::shape<8, 256, 768>, grid, st::shard<0, dp>, st::shard<2, tp>>;
using down = st::tensor<float, st::shape<256, 768>, grid, st::shard<ST_TOKEN(0, 1), tp>, st::replicate<dp>>;
BENCHMARK(st::bench::matmul<hidden, down>);
