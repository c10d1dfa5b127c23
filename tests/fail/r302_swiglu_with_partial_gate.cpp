// silu is not linear; the other operand may be partial, the gate may not.
//
// expect: [ST-R302]
// expect: ST_R302<
// expect: on_axis<tensor_gpus>
// expect: rules::swiglu
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 64>, ST_TOKEN(partial, replicate) < tensor_gpus >> gate{};
constexpr real<shape<8, 16, 64>, replicate<tensor_gpus>> up{};
constexpr auto y = op::swiglu(gate, up);
