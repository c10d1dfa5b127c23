// A redistribution does not reorder the axes of a shard.
//
// expect: [ST-C402]
// expect: ST_C402<
// expect: rack
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct rack final : st::axis<2> {};
using grid = st::mesh<rack, node_gpus>;
using wrong_order = st::shard<0, node_gpus, rack>;
using right_order = st::shard<0, rack, node_gpus>;
constexpr st::tensor<float, st::shape<64, 32>, grid, right_order> x{};
constexpr auto y = st::redistribute<ST_TOKEN(wrong_order, right_order)>(x);
