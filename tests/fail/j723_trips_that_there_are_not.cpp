// Blocks are counted from 0: three have no number 3.
//
// expect: [ST-J723]
// expect: ST_J723<
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"layers.1-2"
// expect-gcc: "layers.1-3"
// expect-clang: write<shardtype::detail::in_layer<'l', 'a', 'y', 'e', 'r', 's', '.', '1', '-', '2'>>
// expect-clang: 's', '.', '1', '-', '3'
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using three = st::in_layers<"layers.1-3", st::fsdp<tp>>;
using two = st::in_layers<"layers.1-2", st::fsdp<tp>>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<ST_TOKEN(three, two)>;
};
static_assert(st::has_plan<my_job>);
