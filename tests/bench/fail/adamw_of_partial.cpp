// Optimizer state is stored as a shard or invariant.
//
// expect: [ST-S601]
#include <shardtype/bench/adamw.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
template <class... Placements>
using weight = st::tensor<float, st::shape<768, 256>, st::mesh<dp, tp>, st::shard<0, dp>, Placements...>;
BENCHMARK(st::bench::adamw<weight<st::ST_TOKEN(partial, invariant) < tp>>>);
