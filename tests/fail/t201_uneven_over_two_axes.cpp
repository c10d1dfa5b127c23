// Twelve rows divide over four devices, but not over four times two.
//
// expect: [ST-T201]
// expect: ST_T201<
// expect-gcc: ST_T201<0, 12
// expect-clang: ST_T201<0, 12
// expect-nvcc: Dim=0, Extent=12
// expect: data_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<ST_TOKEN(12, 16), 32>, shard<0, tensor_gpus, data_gpus>> w{};
