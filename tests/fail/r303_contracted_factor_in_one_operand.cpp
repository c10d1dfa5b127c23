// x holds a part of the contracted dimension, w all of it.
//
// expect: [ST-R303]
// expect: ST_R303<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::shard<1, tensor_gpus>, shardtype::bytes<0
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using whole = real<shape<32, 64>, replicate<tensor_gpus>>;
using by_rows = real<shape<32, 64>, shard<1, tensor_gpus>>;
constexpr real<shape<8, 16, 64>, shard<2, tensor_gpus>> x{};
constexpr ST_TOKEN(whole, by_rows) w{};
constexpr auto y = op::linear(x, w);
