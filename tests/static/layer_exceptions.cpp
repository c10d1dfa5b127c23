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
static_assert(
    steps<job<st::fsdp<dp>>> <
    steps<job<st::fsdp<dp>, st::in_layers<"layers", st::recompute>, st::in_layers<"layers.2", st::keep_activations>>>);
