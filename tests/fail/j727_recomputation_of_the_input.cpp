// What enters the model is not made again.
//
// expect: [ST-J727]
// expect: ST_J727<
// expect: write<shardtype::one_of<shardtype::shard<0, dp>, shardtype::shard<1, dp>, shardtype::invariant<dp>
// expect: asked::input<shardtype::recompute>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using again = st::recompute;
using rows = st::shard<0, dp>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using input = st::type_list<ST_TOKEN(again, rows)>;
};
static_assert(st::has_plan<my_job>);
