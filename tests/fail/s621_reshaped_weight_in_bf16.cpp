// A reshaped weight's gradient would be written as float where bf16 has room.
//
// expect: [ST-S621]
// expect: ST_S621<
// expect: on_axis<void>
// expect-gcc: "own"
// expect-clang: 'o', 'w', 'n'
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using st::bf16;
struct reshaped_linear {
    static constexpr short read(st::graph& g, short x) {
        long const extent[] = {4, 32, 64};
        x = g.enter(x);
        short const w = g.parameter("", 3, extent, st::split::none, {});
        return g.apply<st::rules::linear>(x, g.reshape(w, 128, 64));
    }
};
struct my_job {
    using compute = ST_TOKEN(bf16, float);
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 64>, st::named<"own", reshaped_linear>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
