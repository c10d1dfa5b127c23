// Sixteen rows divide over two devices, not over three: the axis named is the one at fault, though the mesh lists it
// second.
//
// expect: [ST-T201]
// expect-gcc: ST_T201<0, 16, 6, tensor_gpus
// expect-clang: ST_T201<0, 16, 6, tensor_gpus
// expect-nvcc: Dim=0, Extent=16, Parts=6, Axis=tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<3> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<ST_TOKEN(16, 18), 32>, shard<0, tensor_gpus, data_gpus>> w{};
