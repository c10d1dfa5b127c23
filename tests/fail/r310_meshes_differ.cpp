// One tensor lives on 2 x 4 devices, the other on 4 x 2 of them.
//
// expect: [ST-R310]
// expect: ST_R310<
// expect: mesh<data_gpus, tensor_gpus>
// expect: mesh<tensor_gpus, data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using turned = tensor<float, shape<64, 32>, mesh<tensor_gpus, data_gpus>>;
using straight = tensor<float, shape<64, 32>, mesh<data_gpus, tensor_gpus>>;
constexpr real<shape<8, 16, 32>> x{};
constexpr ST_TOKEN(turned, straight) w{};
constexpr auto y = op::linear(x, w);
