// Layers without a name belong to the one before them, and before the first there is none.
//
// expect: [ST-J725]
// expect: ST_J725<
// expect: write<shardtype::name_first_layer>
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
using without = st::embedding<64, 32>;
using with = st::named<"first", without>;
struct my_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::chain<ST_TOKEN(without, with), st::rms_norm, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
};
static_assert(st::has_plan<my_job>);
