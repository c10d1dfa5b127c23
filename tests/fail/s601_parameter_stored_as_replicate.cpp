// Replicate is a use, not a state: its gradient is partial.
//
// expect: [ST-S601]
// expect: ST_S601<
// expect: write<shardtype::invariant<data_gpus>
// expect: on_axis<data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using used = real<shape<64, 32>, replicate<data_gpus>>;
using plain = real<shape<64, 32>>;
constexpr auto w = materialize(parameter<ST_TOKEN(used, plain), used>{});
