// `on_axis` of an axis that the mesh does not have would say nothing.
//
// expect: [ST-J728]
// expect: ST_J728<
// expect: write<shardtype::in_constraints::on_axis_at<1>
// expect: in_constraints::on_axis_at<2>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
constexpr st::constraints on_last(int axis) {
    st::constraints c;
    c.on_axis[axis] = st::only(st::role::fully_sharded);
    return c;
}
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints = on_last(ST_TOKEN(2, 1));
};
static_assert(st::has_plan<my_job>);
