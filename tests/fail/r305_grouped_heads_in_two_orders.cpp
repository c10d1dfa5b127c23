// Fewer kv heads than ranks: their axis is the major one of the query heads' list. The fix moves the queries.
//
// expect: [ST-R305]
// expect: write<shardtype::redistribute_operand<0, shardtype::shard<2, data_gpus, tensor_gpus>, shardtype::bytes<20480>
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using wrong_way = real<shape<8, 16, 8, 8>, shard<2, tensor_gpus, data_gpus>>;
using right_way = real<shape<8, 16, 8, 8>, shard<2, data_gpus, tensor_gpus>>;
using keys = real<shape<8, 16, 2, 8>, shard<2, data_gpus>, replicate<tensor_gpus>>;
constexpr auto y = op::attention(ST_TOKEN(wrong_way, right_way){}, keys{}, keys{});
