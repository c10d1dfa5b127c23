// Every device would start backward from the whole loss. Sharded over the vocabulary, the loss is invariant.
//
// expect: [ST-S602]
// expect: ST_S602<
// expect: on_axis<tensor_gpus>
// expect: names::backward_from
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;
template <class Shape, class... Placements>
using ids = tensor<int, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using whole = real<shape<8, 16, 256>, replicate<tensor_gpus>>;
using by_vocabulary = real<shape<8, 16, 256>, shard<2, tensor_gpus>>;
constexpr ST_TOKEN(whole, by_vocabulary) logits{};
constexpr ids<shape<8, 16>> targets{};
constexpr auto start = backward_from(op::cross_entropy(logits, targets));
