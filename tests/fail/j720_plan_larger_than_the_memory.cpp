// Whatever the strategies, a rank of this model needs more than half a megabyte.
//
// expect: [ST-J720]
// expect: ST_J720<
// expect: write<shardtype::in_constraints::device_memory<
// expect: knobs::device_memory<500000>
// expect: in_plan::smallest<
// expect: in_plan::most<
// expect-gcc: feed_forward
// expect-gcc: h100_sxm
// expect-clang: 'f', 'o', 'r', 'w', 'a', 'r', 'd'
// expect-clang: 'h', '1', '0', '0', '_', 's', 'x', 'm'
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
    static constexpr st::constraints constraints{.device_memory = ST_TOKEN(500'000, 2'000'000)};
};
static_assert(st::has_plan<my_job>);
