// Sequence parallelism: each device has the norm weight's gradient for its own tokens.
//
// expect: [ST-G502]
// expect: ST_G502<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::invariant<tensor_gpus>
// expect: names::update
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<32>>;
using norm_weight = parameter<stored, real<shape<32>, replicate<tensor_gpus>>>;
constexpr real<shape<8, 16, 32>, shard<1, tensor_gpus>> x{}, dy{};
constexpr auto gradients_of_the_norm = gradients(op::rms_norm, dy, x, materialize(norm_weight{}));
constexpr auto dg = boost::hana::at_c<1>(gradients_of_the_norm);
constexpr auto dg_reduced = reduce_gradient(norm_weight{}, dg);
constexpr auto next = update(stored{}, ST_TOKEN(dg, dg_reduced));
