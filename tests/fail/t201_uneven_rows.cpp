// Ten rows over four devices.
//
// expect: [ST-T201]
// expect: ST_T201<
// expect-gcc: ST_T201<0, 10
// expect-clang: ST_T201<0, 10
// expect-nvcc: Dim=0, Extent=10
// expect: tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<ST_TOKEN(10, 12), 32>, shard<0, tensor_gpus>> w{};
