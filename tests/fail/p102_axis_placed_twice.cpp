// One axis splits one dimension.
//
// expect: [ST-P102]
// expect: ST_P102<
// expect: tensor_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16>, shard<0, tensor_gpus>, shard<1, ST_TOKEN(tensor_gpus, data_gpus)>> x{};
