// Forgotten reduction after a row-parallel matmul: its result is a sum still to be made.
//
// expect: [ST-R302]
// expect: ST_R302<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::invariant<tensor_gpus>
// expect: rules::rms_norm
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 64>, shard<2, tensor_gpus>> x{};
constexpr real<shape<32, 64>, shard<1, tensor_gpus>> w{};
constexpr auto y = op::linear(x, w);
constexpr auto y_reduced = all_reduce<tensor_gpus, to_invariant>(y);
constexpr real<shape<32>> g{};
constexpr auto z = op::rms_norm(ST_TOKEN(y, y_reduced), g);
