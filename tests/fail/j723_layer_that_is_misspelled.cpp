// A pin for a layer that the model does not have would pin nothing.
//
// expect: [ST-J723]
// expect: ST_J723<
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"layers.*.attention"
// expect-gcc: "layers.*.atention"
// expect-clang: write<shardtype::detail::in_layer<'l', 'a', 'y', 'e', 'r', 's', '.', '*', '.', 'a', 't', 't', 'e', 'n', 't', 'i', 'o', 'n'>>
// expect-clang: '*', '.', 'a', 't', 'e', 'n'
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using misspelled = st::in_layers<"layers.*.atention", st::fsdp<tp>>;
using spelled = st::in_layers<"layers.*.attention", st::fsdp<tp>>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<ST_TOKEN(misspelled, spelled)>;
};
static_assert(st::has_plan<my_job>);
