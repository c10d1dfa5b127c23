// 3 sequences are split by no axis, and 4 kv heads not by 8 ranks.
//
// expect: [ST-J724]
// expect: ST_J724<
// expect: write<shardtype::multiple_of<8, 3>
// expect: refused_by<shardtype::code::layer_not_divisible>
// expect-gcc: layers.*.attention
// expect-clang: 'a', 't', 't', 'e', 'n'
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = ST_TOKEN(3, 16), .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
};
static_assert(st::has_plan<my_job>);
