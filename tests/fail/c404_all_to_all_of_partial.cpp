
//
// expect: [ST-C404]
// expect: ST_C404<
// expect: on_axis<tensor_gpus>
// expect: names::all_to_all
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using summands = real<shape<64, 32>, partial<tensor_gpus>>;
using by_rows = real<shape<64, 32>, shard<0, tensor_gpus>>;
constexpr ST_TOKEN(summands, by_rows) x{};
constexpr auto y = all_to_all<tensor_gpus, 1>(x);
