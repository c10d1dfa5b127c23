
//
// expect: [ST-R312]
// expect: ST_R312<
// expect: names::reshape
// expect: shape<8, 16, 32>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, shard<2, tensor_gpus>> x{};
constexpr auto tokens = reshape<shape<ST_TOKEN(120, 128), 32>>(x);
