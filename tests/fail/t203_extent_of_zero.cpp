// A dimension has at least one element.
//
// expect: [ST-T203]
// expect: ST_T203<
// expect: node_gpus
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
constexpr st::tensor<float, st::shape<ST_TOKEN(0, 8), 16>, st::mesh<node_gpus>, st::shard<0, node_gpus>> x{};
constexpr long bytes = decltype(x)::local_bytes;
