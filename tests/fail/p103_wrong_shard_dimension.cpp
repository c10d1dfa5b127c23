// The weight of a column-parallel layer has dimensions 0 and 1.
//
// expect: [ST-P103]
// expect: ST_P103<
// expect: tensor_gpus
// expect: shape<64, 32>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<64, 32>, shard<ST_TOKEN(2, 1), tensor_gpus>> w{};
