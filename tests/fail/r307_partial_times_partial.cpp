// (a + b)(c + d) is not ac + bd.
//
// expect: [ST-R307]
// expect: ST_R307<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<
// expect: rules::linear
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, partial<tensor_gpus>> x{};
constexpr real < shape<64, 32>, ST_TOKEN(partial, replicate) < tensor_gpus >> w{};
constexpr auto y = op::linear(x, w);
