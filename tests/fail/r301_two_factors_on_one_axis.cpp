// Rows of x and columns of the result over one axis: each device would compute one diagonal block only.
//
// expect: [ST-R301]
// expect: ST_R301<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::replicate<tensor_gpus>
// expect: rules::linear
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using by_columns = real<shape<64, 32>, shard<0, tensor_gpus>>;
using whole = real<shape<64, 32>, replicate<tensor_gpus>>;
constexpr real<shape<8, 16, 32>, shard<0, tensor_gpus>> x{};
constexpr ST_TOKEN(by_columns, whole) w{};
constexpr auto y = op::linear(x, w);
