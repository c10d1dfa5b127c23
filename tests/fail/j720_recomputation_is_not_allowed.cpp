// Activations that are made again would fit.
//
// expect: [ST-J720]
// expect: ST_J720<
// expect: write<shardtype::in_constraints::recompute>
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
    static constexpr st::constraints constraints{.device_memory = 1'200'000, .recompute = ST_TOKEN(false, true)};
};
static_assert(st::has_plan<my_job>);
