// The kv projection's 32 columns divide over 4 devices, but the 2 kv heads in them do not.
//
// expect: [ST-T201]
// expect: ST_T201<
// expect: ST_T201<2, 2
// expect: tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <long Heads>
using in_heads = shape<8, 16, Heads, 32 / Heads>;
constexpr real<shape<8, 16, 64>, replicate<tensor_gpus>> x{};
constexpr real<shape<32, 64>, shard<0, tensor_gpus>> wk{};
constexpr auto k = reshape<in_heads<ST_TOKEN(2, 4)>>(op::linear(x, wk));
