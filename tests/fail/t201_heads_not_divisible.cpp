// A column-parallel projection has 96 columns over 4 devices: 12 heads of 8 divide, 6 heads of 16 do not.
//
// expect: [ST-T201]
// expect: ST_T201<
// expect: ST_T201<2, 6
// expect: tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <long Heads>
using in_heads = shape<8, 16, Heads, 96 / Heads>;
constexpr real<shape<8, 16, 32>, replicate<tensor_gpus>> x{};
constexpr real<shape<96, 32>, shard<0, tensor_gpus>> wq{};
constexpr auto q = reshape<in_heads<ST_TOKEN(6, 12)>>(op::linear(x, wq));
