// Backward starts from one number.
//
// expect: [ST-R309]
// expect: write<shardtype::operand_rank<0, 0>
// expect: names::backward_from
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using logits = real<shape<8, 16, 64>>;
using loss = real<shape<>>;
constexpr auto start = backward_from(ST_TOKEN(logits, loss){});
