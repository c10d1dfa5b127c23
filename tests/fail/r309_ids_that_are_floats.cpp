// An embedding is looked up by integers.
//
// expect: [ST-R309]
// expect: operand_element<0, int>
// expect: ST_R309<
// expect: embedding
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using grid = st::mesh<node_gpus>;
constexpr st::tensor<ST_TOKEN(float, int), st::shape<4, 8>, grid, st::shard<0, node_gpus>> tokens{};
constexpr st::tensor<float, st::shape<64, 32>, grid, st::replicate<node_gpus>> w{};
constexpr auto y = st::op::embedding(tokens, w);
