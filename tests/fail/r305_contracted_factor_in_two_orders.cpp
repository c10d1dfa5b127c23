// Each axis alone looks right; each device would multiply parts that do not belong together.
//
// expect: [ST-R305]
// expect: ST_R305<
// expect: write<shardtype::redistribute_operand<0, shardtype::shard<2, tensor_gpus, data_gpus>, shardtype::bytes<20480>
// expect: shard<2, data_gpus, tensor_gpus>
// expect: shard<1, tensor_gpus, data_gpus>
// expect: rules::linear
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using tensor_major = real<shape<32, 64>, shard<1, tensor_gpus, data_gpus>>;
using data_major = real<shape<32, 64>, shard<1, data_gpus, tensor_gpus>>;
constexpr real<shape<8, 16, 64>, shard<2, data_gpus, tensor_gpus>> x{};
constexpr ST_TOKEN(tensor_major, data_major) w{};
constexpr auto y = op::linear(x, w);
