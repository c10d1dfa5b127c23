// Nobody stores more than all.
//
// expect: [ST-J728]
// expect: ST_J728<
// expect: write<shardtype::in_constraints::between_per_mille<100, 1000>
// expect: in_constraints::between_per_mille<100, 1500>
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
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints{.parameter_memory = {0.1, ST_TOKEN(1.5, 0.5)}};
};
static_assert(st::has_plan<my_job>);
