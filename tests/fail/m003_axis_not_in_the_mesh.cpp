// The tensor lives on a mesh that has no such axis.
//
// expect: [ST-M003]
// expect: ST_M003<
// expect: expert_gpus
// expect: mesh<data_gpus, tensor_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

struct expert_gpus final : axis<2> {};
constexpr real<shape<8, 16>, shard<0, ST_TOKEN(expert_gpus, data_gpus)>> x{};
