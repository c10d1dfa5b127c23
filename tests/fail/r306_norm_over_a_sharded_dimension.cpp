// The mean of squares runs over the hidden dimension.
//
// expect: [ST-R306]
// expect: ST_R306<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::
// expect: rules::rms_norm
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, shard<ST_TOKEN(2, 1), tensor_gpus>> x{};
constexpr real<shape<32>, replicate<tensor_gpus>> g{};
constexpr auto y = op::rms_norm(x, g);
