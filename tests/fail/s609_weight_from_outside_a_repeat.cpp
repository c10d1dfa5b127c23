// The layers of a repeat use only their own values: a weight from outside would lose gradients.
//
// expect: [ST-S609]
// expect: ST_S609<
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct shares_a_weight {
    static constexpr short read(st::graph& g, short x) {
        long const extent[] = {32};
        short const w = g.parameter("shared", 1, extent, st::split::none, {});
        short const before = g.apply<st::rules::rms_norm>(x, w);
        short const in = g.loop_begin(before, 3);
        return g.loop_end(before, in, g.apply<st::rules::rms_norm>(in, ST_TOKEN(shared, own)(g, w)));
    }
    static constexpr short shared(st::graph&, short w) { return w; }
    static constexpr short own(st::graph& g, short) {
        long const extent[] = {32};
        return g.parameter("own", 1, extent, st::split::none, {});
    }
};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, shares_a_weight, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
