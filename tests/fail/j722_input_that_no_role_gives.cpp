// Axes that may only shard parameters split the batch, not the sequence.
//
// expect: [ST-J722]
// expect: ST_J722<
// expect: write<shardtype::in_constraints::roles<shardtype::sequence_parallel<dp>
// expect: asked::input<shardtype::shard<1, dp>
// expect-gcc: tok_embeddings
// expect-clang: 't', 'o', 'k', '_'
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
    static constexpr st::constraints constraints{.roles = st::only(st::role::fully_sharded)};
    using input = st::type_list<st::shard<ST_TOKEN(1, 0), dp>>;
};
static_assert(st::has_plan<my_job>);
