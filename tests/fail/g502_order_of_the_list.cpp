// The shards of the gradient lie in another order than those of the weight.
//
// expect: [ST-G502]
// expect: write<shardtype::redistribute_operand_to<1, shardtype::tensor<float, shardtype::shape<64, 32>
// expect: on_axis<data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using as_stored = real<shape<64, 32>, shard<0, tensor_gpus, data_gpus>>;
using the_other_way = real<shape<64, 32>, shard<0, data_gpus, tensor_gpus>>;
constexpr auto next = update(as_stored{}, ST_TOKEN(the_other_way, as_stored){});
