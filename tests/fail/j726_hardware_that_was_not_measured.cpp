// `measured` points to some rates, by default to `not_measured`.
//
// expect: [ST-J726]
// expect: ST_J726<
// expect: write<shardtype::in_job::hardware<shardtype::hardware>
// expect: in_job::measured_nullptr
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
constexpr st::measured_rates const* rates = &st::h100_rates;
constexpr st::hardware device() {
    st::hardware h = st::h100_sxm;
    h.measured = ST_TOKEN(nullptr, rates);
    return h;
}
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = device();
};
static_assert(st::has_plan<my_job>);
