// The result is replicate, so its gradient is partial.
//
// expect: [ST-G501]
// expect: ST_G501<
// expect: write<shardtype::redistribute_operand_to<0, shardtype::tensor<float, shardtype::shape<8, 16, 64>
// expect: partial<tensor_gpus>
// expect: rules::linear
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, replicate<tensor_gpus>> x{};
constexpr real<shape<64, 32>, replicate<tensor_gpus>> w{};
constexpr auto dy =
    gradients(op::linear, real < shape<8, 16, 64>, ST_TOKEN(replicate, partial) < tensor_gpus >> {}, x, w);
