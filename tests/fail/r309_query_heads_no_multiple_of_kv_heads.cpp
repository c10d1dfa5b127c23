// Eight query heads share 4 kv heads in pairs; they cannot share 3.
//
// expect: [ST-R309]
// expect: operand_extent_divides<
// expect: ST_R309<
// expect: rules::attention
// expect: shape<8, 16, 3, 8>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 8, 8>> q{};
constexpr real<shape<8, 16, ST_TOKEN(3, 4), 8>> k{};
constexpr auto y = op::attention(q, k, k);
