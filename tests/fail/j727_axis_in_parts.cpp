// What is pinned to a divided axis is pinned to its parts.
//
// expect: [ST-J727]
// expect: ST_J727<
// expect: write<shardtype::one_of<shardtype::major<tp, 2>, shardtype::minor<tp, 2>
// expect: on_axis<tp>
// expect: asked::of_all<shardtype::fsdp<tp>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using inner = st::minor<tp, 2>;
struct my_job {
    using mesh = st::mesh<st::major<tp, 2>, inner>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using pinned = st::strategy<st::fsdp<ST_TOKEN(tp, inner)>>;
};
static_assert(st::has_plan<my_job>);
