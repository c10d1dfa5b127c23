// One operation on two tensors.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
using activation = st::tensor<float, st::shape<8, 16, 64>, grid, st::shard<0, dp>, st::replicate<tp>>;
using weight = st::tensor<float, st::shape<128, 64>, grid, st::shard<0, tp>, st::replicate<dp>>;
constexpr auto y = st::op::linear(activation{}, weight{});
static_assert(y.local_shape == st::shape<4, 16, 32>{});
