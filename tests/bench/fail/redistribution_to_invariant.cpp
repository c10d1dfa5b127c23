// Nothing leads from replicate to invariant.
//
// expect: [ST-C403]
// expect: on_axis<tp>
#include <shardtype/bench/redistribution.hpp>

namespace st = shardtype;
struct tp final : st::axis<4> {};
template <class... Placements>
using hidden = st::tensor<float, st::shape<8, 256, 768>, st::mesh<tp>, Placements...>;
// clang-format off
using from = hidden<st::ST_TOKEN(replicate, partial)<tp>>;
// clang-format on
BENCHMARK(st::bench::redistribution<from, hidden<>>);
