// 64 columns make no seven parts: FSDP is there, but not for them.
//
// expect: [ST-J721]
// expect: ST_J721<
// expect: in_constraints::between_per_mille<0, 143>
// expect: refused_by<shardtype::code::layer_not_divisible>
// expect: my_job>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct seven final : st::axis<7> {};
struct my_job {
    using mesh = st::mesh<seven>;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 21, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints{.parameter_memory = {0, ST_TOKEN(0, 1)}};
};
static_assert(st::has_plan<my_job>);
