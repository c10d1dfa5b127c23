// Of two pins that name one layer both hold: there is no later one that wins.
//
// expect: [ST-J722]
// expect: ST_J722<
// expect: write<shardtype::one_of<shardtype::fsdp<tp>
// expect: shardtype::ddp<tp>
// expect: asked::in_layers<
// expect-gcc: layers.2.attention
// expect-clang: 'l', 'a', 'y', 'e', 'r', 's', '.', '2', '.'
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
    using pinned = st::strategy < st::in_layers<"layers", st::fsdp<tp>>, st::in_layers < "layers.2.attention",
          st::ST_TOKEN(ddp, fsdp) < tp >>>
        ;
};
static_assert(st::has_plan<my_job>);
