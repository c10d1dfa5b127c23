// What is stored in 32 columns is not used in 16.
//
// expect: [ST-R309]
// expect: ST_R309<
// expect: shape<64, 16>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using weight =
    parameter<real<shape<64, 32>, shard<0, data_gpus>>, real<shape<64, ST_TOKEN(16, 32)>, replicate<data_gpus>>>;
constexpr auto used = materialize(weight{});
