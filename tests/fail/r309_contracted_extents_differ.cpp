
//
// expect: [ST-R309]
// expect: write<shardtype::operand_extent<1, 1, 32>
// expect: ST_R309<
// expect: rules::linear
// expect: shape<64, 48>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>> x{};
constexpr real<shape<64, ST_TOKEN(48, 32)>> w{};
constexpr auto y = op::linear(x, w);
