// Activations are split by rows or by tokens, not by columns.
//
// expect: [ST-J727]
// expect: ST_J727<
// expect: write<shardtype::one_of<shardtype::shard<0, tp>, shardtype::shard<1, tp>, shardtype::invariant<tp>
// expect: shardtype::shard<2, tp>
// expect: asked::in_layers<
// expect-gcc: layers.*.attention
// expect-clang: 'l', 'a', 'y', 'e', 'r', 's', '.', '*'
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<st::in_layers<"layers.*.attention", st::shard<ST_TOKEN(2, 1), tp>>>;
};
static_assert(st::has_plan<my_job>);
