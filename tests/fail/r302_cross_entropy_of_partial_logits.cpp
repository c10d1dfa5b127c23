// The logarithm of a sum of exponentials needs whole logits, or a sharded vocabulary.
//
// expect: [ST-R302]
// expect: ST_R302<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::invariant<tensor_gpus>
// expect: rules::cross_entropy
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;
template <class Shape, class... Placements>
using ids = tensor<int, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using summands = real<shape<8, 16, 256>, partial<tensor_gpus>>;
using by_vocabulary = real<shape<8, 16, 256>, shard<2, tensor_gpus>>;
constexpr ST_TOKEN(summands, by_vocabulary) logits{};
constexpr ids<shape<8, 16>> targets{};
constexpr auto loss = op::cross_entropy(logits, targets);
