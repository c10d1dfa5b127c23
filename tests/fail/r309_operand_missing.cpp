
//
// expect: [ST-R309]
// expect: operand_count<
// expect: ST_R309<
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <class F, class X>
constexpr auto both(F f, X x) {
    return f(x, x);
}
constexpr auto y = both(op::ST_TOKEN(attention, add), real<shape<8, 16, 8>>{});
