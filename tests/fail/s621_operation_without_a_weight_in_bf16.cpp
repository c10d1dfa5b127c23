// An operation that does not say which operand is its weight leaves a gradient of the activations' type for it.
//
// expect: [ST-S621]
// expect: ST_S621<
// expect: on_axis<void>
// expect-gcc: "own.shifted"
// expect-clang: 'o', 'w', 'n', '.', 's', 'h', 'i', 'f', 't', 'e', 'd'
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using st::bf16;
struct shifted {
    static constexpr char const* name = "shifted";
    static constexpr st::rule value{.operands = 2, .in = {"bsh", "h"}, .out = "bsh", .sum = 0b11};  // no .weight
};
struct shift {
    static constexpr short read(st::graph& g, short x) {
        long const extent[] = {64};
        return g.apply<shifted>(g.stream(x), g.parameter("", 1, extent, st::split::none, {}));
    }
};
struct my_job {
    using compute = ST_TOKEN(bf16, float);
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::ddp<node_gpus>>;
    using model = st::chain<st::embedding<64, 64>, st::named<"own", shift>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr int operations = st::checked<my_job>::value.node_count;
