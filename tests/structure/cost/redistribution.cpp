// The cheapest way between two layouts of three axes, searched while compiling.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct cp final : st::axis<3> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, cp, tp>;
using from = st::tensor<float, st::shape<48, 24, 48>, grid, st::shard<0, dp, tp>, st::partial<cp>>;
using to = st::tensor<float, st::shape<48, 24, 48>, grid, st::shard<1, cp>, st::shard<2, tp, dp>>;
static_assert(st::redistribution_path<from, to>.exact);
static_assert(st::redistribute_to<to>(from{}).local_shape == to::local_shape);
