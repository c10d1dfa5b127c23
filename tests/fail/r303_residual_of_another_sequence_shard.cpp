// Under sequence parallelism both sides of a residual are sharded alike.
//
// expect: [ST-R303]
// expect: ST_R303<
// expect: on_axis<tensor_gpus>
// expect: rules::add
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using whole = real<shape<8, 16, 32>>;
using by_sequence = real<shape<8, 16, 32>, shard<1, tensor_gpus>>;
constexpr ST_TOKEN(whole, by_sequence) x{};
constexpr real<shape<8, 16, 32>, shard<1, tensor_gpus>> y{};
constexpr auto z = op::add(x, y);
