// Of an axis that the mesh does not have no role can be pinned.
//
// expect: [ST-J727]
// expect: ST_J727<
// expect: write<shardtype::one_of<dp, tp>
// expect: on_axis<ep>
// expect: shardtype::fsdp<ep>
// expect: asked::of_all<shardtype::fsdp<ep>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct ep final : st::axis<4> {};
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<st::fsdp<ST_TOKEN(ep, tp)>>;
};
static_assert(st::has_plan<my_job>);
