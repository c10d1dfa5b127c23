// FSDP: the gradient is scattered, each device updates its own rows.
//
// expect: [ST-G502]
// expect: ST_G502<
// expect: on_axis<data_gpus>
// expect: write<shardtype::redistribute_operand<1, shardtype::shard<0, data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<64, 32>, shard<0, data_gpus>>;
constexpr real<shape<64, 32>, partial<data_gpus>> dw{};
constexpr auto summed = all_reduce<data_gpus, to_invariant>(dw);
constexpr auto scattered = reduce_scatter<data_gpus, 0>(dw);
constexpr auto next = update(stored{}, ST_TOKEN(summed, scattered));
