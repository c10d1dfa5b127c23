// Each device sees its own tokens only, so the weight's gradient is a sum still to be made: used as replicate.
//
// expect: [ST-R304]
// expect: ST_R304<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::replicate<tensor_gpus>
// expect: rules::rms_norm
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<32>>;
using used = real<shape<32>, replicate<tensor_gpus>>;
constexpr real<shape<8, 16, 32>, shard<1, tensor_gpus>> x{};
constexpr ST_TOKEN(stored, used) g{};
constexpr auto y = op::rms_norm(x, g);
