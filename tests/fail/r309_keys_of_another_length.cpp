// Queries and keys of causal self-attention have one length.
//
// expect: [ST-R309]
// expect: operand_extent<
// expect: ST_R309<
// expect: attention
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using grid = st::mesh<node_gpus>;
constexpr st::tensor<float, st::shape<4, 8, 4, 8>, grid, st::shard<0, node_gpus>> q{};
constexpr st::tensor<float, st::shape<4, ST_TOKEN(16, 8), 4, 8>, grid, st::shard<0, node_gpus>> k{};
constexpr auto o = st::op::attention(q, k, k);
