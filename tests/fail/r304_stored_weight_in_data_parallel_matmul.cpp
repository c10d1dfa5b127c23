// A data-parallel weight is stored invariant and used as replicate: that is where its all_reduce comes from.
//
// expect: [ST-R304]
// expect: ST_R304<
// expect: on_axis<data_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::replicate<data_gpus>
// expect: rules::linear
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<64, 32>>;
using used = real<shape<64, 32>, replicate<data_gpus>>;
constexpr real<shape<8, 16, 32>, shard<0, data_gpus>> x{};
constexpr ST_TOKEN(stored, used) w{};
constexpr auto y = op::linear(x, w);
