// The lowering of a user's own sum gives its first operand the gradient twice, and the second one none.
//
// expect: [ST-S617]
// expect: ST_S617<
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct my_sum {
    static constexpr char const* name = "my_sum";
    static constexpr st::rule value = st::rules::add::value;
};
struct doubled {
    static constexpr short read(st::graph& g, short x) { return g.apply<my_sum>(st::rms_norm::read(g, x), x); }
};
namespace shardtype {
template <>
struct lowering<my_sum> {
    static constexpr void forward(lowerer& l, node const& n) { lowering<rules::add>::forward(l, n); }
    static constexpr void backward(lowerer& l, node const& n) {
        l.share_gradient(n.in[0], l.grad[n.out]);
        l.share_gradient(n.in[ST_TOKEN(0, 1)], l.grad[n.out]);
        l.drop_gradient(n.out);
    }
};
}  // namespace shardtype
struct my_job {
    using operations = st::type_list<my_sum>;
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, doubled, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
