// No strategy makes it small enough for this device.
//
// expect: [ST-J720]
// expect: ST_J720<
// expect: knobs::more_devices
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
constexpr st::hardware with_memory(long bytes) {
    st::hardware h = st::h100_sxm;
    h.memory = bytes, h.reserved = 0;
    return h;
}
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = with_memory(ST_TOKEN(500'000, 2'000'000));
};
static_assert(st::has_plan<my_job>);
