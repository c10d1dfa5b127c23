// Forgotten reduction before a norm: the norm of a sum is not the sum of norms.
//
// expect: [ST-R302]
// expect: ST_R302<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::shard<
// expect: rules::rms_norm
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 32>, ST_TOKEN(partial, replicate) < tensor_gpus >> x{};
constexpr real<shape<32>, replicate<tensor_gpus>> w{};
constexpr auto y = op::rms_norm(x, w);
