// [b, s, h] sharded on s and merged to [b s, h]: 128 tokens divide evenly over 4 devices, and they are the wrong ones.
//
// expect: [ST-R311]
// expect: ST_R311<
// expect: on_axis<tensor_gpus>
// expect: write<shardtype::redistribute_operand<0, shardtype::replicate<tensor_gpus>
// expect: names::reshape
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, shard<ST_TOKEN(1, 0), tensor_gpus>> x{};
constexpr auto tokens = reshape<shape<128, 32>>(x);
