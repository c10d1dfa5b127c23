// The loss is the last operation: what scaled it afterwards would not reach the gradients.
//
// expect: [ST-S611]
// expect: ST_S611<
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using nothing = st::chain<>;
struct reduced {
    static constexpr short read(st::graph& g, short x) { return g.loss = g.redistribute(x, 0, st::on_invariant); }
};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy, ST_TOKEN(reduced, nothing)>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
