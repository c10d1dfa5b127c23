// No layer has an empty name; what is for all layers needs none.
//
// expect: [ST-J727]
// expect: ST_J727<
// expect: write<shardtype::in_job::pinned<shardtype::strategy<shardtype::fsdp<tp>
// expect: asked::in_layers<
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using nothing = st::in_layers<"", st::fsdp<tp>>;
using shards = st::in_layers<"output", st::fsdp<tp>>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<ST_TOKEN(nothing, shards)>;
};
static_assert(st::has_plan<my_job>);
