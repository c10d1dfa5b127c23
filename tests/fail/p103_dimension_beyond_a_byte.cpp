// 256 is no other spelling of 0.
//
// expect: [ST-P103]
// expect: ST_P103<
// expect: node_gpus
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
constexpr st::tensor<float, st::shape<8, 16>, st::mesh<node_gpus>, st::shard<ST_TOKEN(256, 0), node_gpus>> x{};
constexpr long bytes = decltype(x)::local_bytes;
