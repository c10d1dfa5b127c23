// DDP without its all_reduce: every replica would go its own way.
//
// expect: [ST-G502]
// expect: ST_G502<
// expect: on_axis<data_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::invariant<data_gpus>
// expect: names::update
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<64, 32>>;
using weight = parameter<stored, real<shape<64, 32>, replicate<data_gpus>>>;
constexpr real<shape<8, 16, 32>, shard<0, data_gpus>> x{};
constexpr real<shape<8, 16, 64>, shard<0, data_gpus>> dy{};
constexpr auto dw = boost::hana::at_c<1>(gradients(op::linear, dy, x, materialize(weight{})));
constexpr auto dw_reduced = reduce_gradient(weight{}, dw);
constexpr auto next = update(stored{}, ST_TOKEN(dw, dw_reduced));
