// FSDP over a tensor-parallel shard: the data axis is the minor one, else it cannot be gathered alone.
//
// expect: [ST-C403]
// expect: ST_C403<
// expect: on_axis<data_gpus>
// expect: parameter<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using data_major = real<shape<64, 32>, shard<0, data_gpus, tensor_gpus>>;
using tensor_major = real<shape<64, 32>, shard<0, tensor_gpus, data_gpus>>;
using used = real<shape<64, 32>, shard<0, tensor_gpus>, replicate<data_gpus>>;
constexpr auto w = materialize(parameter<ST_TOKEN(data_major, tensor_major), used>{});
