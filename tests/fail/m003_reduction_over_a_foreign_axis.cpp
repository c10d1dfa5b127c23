// A reduction names an axis of the tensor's own mesh.
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

struct expert_gpus final : axis<4> {};
constexpr real<shape<8, 16>, partial<tensor_gpus>> x{};
constexpr auto y = all_reduce<ST_TOKEN(expert_gpus, tensor_gpus), to_invariant>(x);
