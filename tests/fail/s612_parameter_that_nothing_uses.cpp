// A parameter without use has no gradient.
//
// expect: [ST-S612]
// expect: ST_S612<
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using nothing = st::chain<>;
struct idle {
    static constexpr short read(st::graph& g, short x) {
        long const extent[] = {32};
        g.parameter("idle", 1, extent, st::split::none, {});
        return x;
    }
};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, ST_TOKEN(idle, nothing), st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
