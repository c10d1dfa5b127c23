// Equal forward, but the gradient of a replicate is a sum that nobody would make.
//
// expect: [ST-C403]
// expect: ST_C403<
// expect: on_axis<tensor_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 32>, ST_TOKEN(replicate, partial) < tensor_gpus >> x{};
constexpr auto y = redistribute<invariant<tensor_gpus>>(x);
