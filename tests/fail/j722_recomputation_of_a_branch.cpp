// A block is recomputed as a whole.
//
// expect: [ST-J722]
// expect: ST_J722<
// expect: asked::in_layers<
// expect: shardtype::recompute
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"layers.*"
// expect-clang: write<shardtype::detail::in_layer<'l', 'a', 'y', 'e', 'r', 's', '.', '*'>>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using again = st::recompute;
using split = st::fsdp<tp>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<st::in_layers<"layers.*.feed_forward", ST_TOKEN(again, split)>>;
};
static_assert(st::has_plan<my_job>);
