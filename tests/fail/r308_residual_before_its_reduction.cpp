// The residual stream is invariant: reduce the branch first, then add.
//
// expect: [ST-R308]
// expect: ST_R308<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::invariant<tensor_gpus>
// expect: rules::add
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>> x{};
constexpr real<shape<8, 16, 32>, partial<tensor_gpus>> y{};
constexpr auto y_reduced = all_reduce<tensor_gpus, to_invariant>(y);
constexpr auto z = op::add(x, ST_TOKEN(y, y_reduced));
