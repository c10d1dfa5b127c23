// One device has no axes, and no roles of them.
//
// expect: [ST-J728]
// expect: ST_J728<
// expect: write<shardtype::in_constraints::roles<>
// expect: in_constraints::on_axis_at<0>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
constexpr st::role_set none{}, sharded = st::only(st::role::fully_sharded);
constexpr st::constraints on_first(st::role_set roles) {
    st::constraints c;
    c.on_axis[0] = roles;
    return c;
}
struct my_job {
    using mesh = st::mesh<>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints = on_first(ST_TOKEN(sharded, none));
};
static_assert(st::has_plan<my_job>);
