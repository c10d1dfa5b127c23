// Optimizer state is stored as a shard or invariant.
//
// expect: [ST-S601]
// expect: on_axis<tp>
#include <shardtype/bench/adamw.hpp>

namespace st = shardtype;
struct tp final : st::axis<4> {};
using whole = st::replicate<tp>;
using split = st::shard<0, tp>;
BENCHMARK(st::bench::adamw<st::tensor<float, st::shape<768, 256>, st::mesh<tp>, ST_TOKEN(whole, split)>>);
