// Axes of replicate and partial are written in the mesh's order.
//
// expect: [ST-P101]
// expect: ST_P101<
// expect: replicate<data_gpus, tensor_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};

template <class... Axes>
using whole = tensor<float, shape<16, 8>, mesh<data_gpus, tensor_gpus>, replicate<Axes...>>;
using in_order = whole<data_gpus, tensor_gpus>;
using reversed = whole<tensor_gpus, data_gpus>;
constexpr ST_TOKEN(reversed, in_order) x{};
