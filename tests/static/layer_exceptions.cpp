// Exceptions that give layers the roles that they have anyway split no repeat.
#include <shardtype/shardtype.hpp>
namespace st = shardtype;
struct dp final : st::axis<2> {};
template <class... R>
struct job {
    using mesh = st::mesh<dp>;
    using strategy = st::strategy<R...>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{8, 64};
};
template <class J>
inline constexpr int steps = sizeof(st::lowered<J, st::buffers_only>::value.steps) / sizeof(st::step);
static_assert(steps<job<st::fsdp<dp>>> == steps<job<st::fsdp<dp>, st::in_layers<"layers.0-1", st::fsdp<dp>>>>);
static_assert(steps<job<st::fsdp<dp>>> ==
              steps<job<st::fsdp<dp>, st::in_layers<"layers.0-1">, st::in_layers<"layers.2", st::fsdp<dp>>>>);
static_assert(steps<job<st::fsdp<dp>>> < steps<job<st::fsdp<dp>, st::in_layers<"layers.0-1", st::zero1<dp>>>>);
// A layer within another: what is written first is not what holds.
template <class J>
constexpr int regions = st::checked<J>::value.regions;
static_assert(regions<job<st::fsdp<dp>, st::in_layers<"layers.0.attention", st::keep_activations>,
                          st::in_layers<"layers", st::recompute>>> ==
              regions<job<st::fsdp<dp>, st::in_layers<"layers", st::recompute>,
                          st::in_layers<"layers.0.attention", st::keep_activations>>>);
template <class J>
constexpr int whole_parameters() {
    int n = 0;
    auto const& g = st::checked<J>::value;
    for (int k = 0; k < g.parameter_count; ++k)
        n += g.parameters[k].layers * (g.parameters[k].stored.on[0].is == st::kind::invariant);
    return n;
}
// attention of layer 0 alone is in shards: of 6 layers' 9 parameters all but its 4 are whole
static_assert(whole_parameters<job<st::fsdp<dp>, st::in_layers<"layers.0.attention", st::fsdp<dp>>,
                                   st::in_layers<"layers", st::ddp<dp>>>>() == 6 * 9 - 4);
static_assert(
    steps<job<st::fsdp<dp>>> <
    steps<job<st::fsdp<dp>, st::in_layers<"layers", st::recompute>, st::in_layers<"layers.2", st::keep_activations>>>);
