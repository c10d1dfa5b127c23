// Shards are written by dimension: the message prints the canonical form.
//
// expect: [ST-P101]
// expect: ST_P101<
// expect: shard<0, tensor_gpus>, shardtype::shard<1, data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <int Dim>
using grid_sharded = real<shape<8, 16>, shard<Dim, data_gpus>, shard<1 - Dim, tensor_gpus>>;
constexpr grid_sharded<ST_TOKEN(1, 0)> x{};
