// What a user of shardtype::shardtype writes: a layout checked and a model laid out by the compiler.
#include <cstdio>

#include <shardtype/shardtype.hpp>

namespace st = shardtype;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... Placements>
using f32 = st::tensor<float, Shape, grid, Placements...>;

constexpr f32<st::shape<8, 256, 768>, st::shard<0, dp>, st::shard<2, tp>> hidden{};
constexpr f32<st::shape<256, 768>, st::shard<1, tp>, st::replicate<dp>> down{};
constexpr auto y = st::op::linear(hidden, down);
static_assert(
    st::same<decltype(st::all_reduce<tp, st::to_invariant>(y)), f32<st::shape<8, 256, 256>, st::shard<0, dp>>>);

constexpr st::llama_config config{.dim = 64, .layers = 2, .heads = 4, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct job {
    using mesh = grid;
    using strategy = st::strategy<st::fsdp<dp>, st::sequence_parallel<tp>>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 64};
};

int main() {
    auto const& made = st::lowered<job, st::buffers_only>::value;
    std::printf("%d devices, %zu steps, arena of %ld bytes\n", grid::size, sizeof(made.steps) / sizeof(made.steps[0]),
                st::lowered<job, st::buffers_only>::arena_bytes);
}
