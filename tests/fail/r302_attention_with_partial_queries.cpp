// Attention is linear in v alone.
//
// expect: [ST-R302]
// expect: ST_R302<
// expect: on_axis<tensor_gpus>
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 4, 8>, ST_TOKEN(partial, replicate) < tensor_gpus >> q{};
constexpr real<shape<8, 16, 4, 8>, replicate<tensor_gpus>> k{};
constexpr auto y = op::attention(q, k, k);
