// A step has at most 2^40 tokens.
//
// expect: [ST-J726]
// expect: ST_J726<
// expect: write<shardtype::in_job::global<34359738368>
// expect: in_job::batch<shardtype::in_job::global<34359738369>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = ST_TOKEN(34359738369, 16), .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
};
static_assert(st::has_plan<my_job>);
