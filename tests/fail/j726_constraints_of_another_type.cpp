// Constraints are a struct with names.
//
// expect: [ST-J726]
// expect: ST_J726<
// expect: write<shardtype::in_job::constraints<shardtype::constraints>
// expect: in_job::constraints<long
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
constexpr long bytes = 2'000'000;
constexpr st::constraints bound{.device_memory = bytes};
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr auto constraints = ST_TOKEN(bytes, bound);
};
static_assert(st::has_plan<my_job>);
