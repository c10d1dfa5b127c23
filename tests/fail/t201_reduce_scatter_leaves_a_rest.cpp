
//
// expect: [ST-T201]
// expect: ST_T201<
// expect: ST_T201<1, 18
// expect: tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, ST_TOKEN(18, 20)>, partial<tensor_gpus>> x{};
constexpr auto y = reduce_scatter<tensor_gpus, 1>(x);
