
//
// expect: [ST-C404]
// expect: ST_C404<
// expect: write<shardtype::remove_this_call>
// expect: on_axis<tensor_gpus>
// expect: names::all_gather
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using whole = real<shape<64, 32>, replicate<tensor_gpus>>;
using by_rows = real<shape<64, 32>, shard<0, tensor_gpus>>;
constexpr ST_TOKEN(whole, by_rows) w{};
constexpr auto used = all_gather<tensor_gpus, to_replicate>(w);
