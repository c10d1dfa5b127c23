// Rows are split over tensor_gpus and each part over data_gpus: only the latter's parts lie side by side.
//
// expect: [ST-C402]
// expect: ST_C402<
// expect: write<shardtype::move_first<data_gpus>
// expect: on_axis<tensor_gpus>
// expect: names::all_gather
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<64, 32>, shard<0, tensor_gpus, data_gpus>> w{};
constexpr auto used = all_gather<ST_TOKEN(tensor_gpus, data_gpus), to_replicate>(w);
