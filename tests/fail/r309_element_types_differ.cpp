// A float activation meets a bf16 weight: a cast is a step of its own.
//
// expect: [ST-R309]
// expect: operand_element<
// expect: ST_R309<
// expect: bf16
#include <shardtype/rules/operation.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
using grid = mesh<data_gpus>;
constexpr tensor<float, shape<8, 16, 32>, grid, shard<0, data_gpus>> x{};
constexpr tensor<ST_TOKEN(bf16, float), shape<64, 32>, grid, replicate<data_gpus>> w{};
constexpr auto y = op::linear(x, w);
