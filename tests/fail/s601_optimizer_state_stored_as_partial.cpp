
//
// expect: [ST-S601]
// expect: ST_S601<
// expect: write<shardtype::invariant<tensor_gpus>
// expect: on_axis<tensor_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using summands = real<shape<64, 32>, partial<tensor_gpus>>;
using plain = real<shape<64, 32>>;
constexpr auto next = update(ST_TOKEN(summands, plain){}, real<shape<64, 32>>{});
