// Four kv heads are not split over eight ranks: the rule says so, not the constraints.
//
// expect: [ST-J722]
// expect: ST_J722<
// expect: write<shardtype::one_of<shardtype::ddp<big>
// expect: asked::in_layers<
// expect: refused_by<shardtype::code::layer_not_divisible>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct big final : st::axis<8> {};
struct my_job {
    using mesh = st::mesh<big>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy < st::in_layers < "layers.*.attention", st::ST_TOKEN(sequence_parallel, fsdp) < big >>>
        ;
};
static_assert(st::has_plan<my_job>);
