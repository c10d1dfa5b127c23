// A model without layers has nothing to plan.
//
// expect: [ST-J725]
// expect: ST_J725<
// expect: write<shardtype::named_layers>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using nothing = st::chain<>;
using something = st::llama<small>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = ST_TOKEN(nothing, something);
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
};
static_assert(st::has_plan<my_job>);
