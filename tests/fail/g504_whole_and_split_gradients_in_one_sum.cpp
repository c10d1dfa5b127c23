// The norm weight's gradient is whole on every tensor rank: summed over them it would count four times.
//
// expect: [ST-G504]
// expect: write<shardtype::separate_calls>
// expect: on_axis<tensor_gpus>
#include <shardtype/rules/gradient_norm.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using split = real<shape<64>, shard<0, tensor_gpus>>;
using whole = real<shape<32>>;
constexpr auto squares = square_sum(split{}, ST_TOKEN(whole, split){});
