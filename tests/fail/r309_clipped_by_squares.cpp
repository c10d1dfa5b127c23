// The root is forgotten: gradients would be scaled by the square of their norm.
//
// expect: [ST-R309]
// expect: write<shardtype::operand_element<1, shardtype::gradient_norm>
// expect: names::clip
#include <shardtype/rules/gradient_norm.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using gradient_of_w = real<shape<64>>;
constexpr auto squares = square_sum(gradient_of_w{});
constexpr auto norm = global_norm(squares);
constexpr auto clipped = clip(gradient_of_w{}, ST_TOKEN(squares, norm));
