// The replicated side would be counted once per device.
//
// expect: [ST-R308]
// expect: ST_R308<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::replicate<tensor_gpus>
// expect: rules::add
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, partial<tensor_gpus>> y{};
constexpr real < shape<8, 16, 32>, ST_TOKEN(replicate, partial) < tensor_gpus >> x{};
constexpr auto z = op::add(y, x);
