// The columns of v could be split: each rank would make its columns of the result. The kernel takes q, k and v of one
// width, and splitting heads is cheaper.
//
// expect: [ST-R313]
// expect: write<
// expect: shardtype::redistribute_operand<2, shardtype::shard<0, tensor_gpus>, shardtype::bytes<6144>
// expect: on_axis<tensor_gpus>
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class... Placements>
using heads = tensor<float, shape<8, 16, 4, 8>, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr heads<replicate<tensor_gpus>> q{};
constexpr heads<shard<3, tensor_gpus>> columns{};
constexpr auto whole = all_gather<tensor_gpus, to_replicate>(columns);
constexpr auto y = op::attention(q, q, ST_TOKEN(columns, whole));
