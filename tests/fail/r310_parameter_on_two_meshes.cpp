// A parameter is stored and used on one mesh.
//
// expect: [ST-R310]
// expect: ST_R310<
// expect: other_gpus
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct other_gpus final : st::axis<4> {};
using stored = st::tensor<float, st::shape<64, 32>, st::mesh<node_gpus>, st::shard<0, node_gpus>>;
using used = st::tensor<float, st::shape<64, 32>, st::mesh<ST_TOKEN(other_gpus, node_gpus)>>;
constexpr auto w = st::materialize(st::parameter<stored, used>{});
