// The last rank's part has rows that are none: an operation would count them.
//
// expect: [ST-R314]
// expect: write<shardtype::redistribute_operand<0, shardtype::replicate<data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus>, Placements...>;

constexpr real<shape<ST_TOKEN(10, 12), 7, 16>> tokens{};
constexpr real<shape<16>, replicate<data_gpus>> g{};
constexpr auto y = op::rms_norm(redistribute<padded_shard<0, data_gpus>>(tokens), g);
