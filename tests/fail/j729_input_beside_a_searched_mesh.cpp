// The same of where the input lies.
//
// expect: [ST-J729]
// expect: ST_J729<
// expect: write<shardtype::remove_this_pin>
// expect: in_job::input<
// expect: my_job>
#include <shardtype/plan/mesh_search.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
constexpr st::llama_config small{.dim = 64, .layers = 3, .heads = 8, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256};
struct my_job {
    static constexpr int world_size = 8;
    using model = st::llama<small>;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 32};
    static constexpr st::hardware hardware = st::h100_sxm;
    using ST_TOKEN(input, wanted) = st::type_list<st::shard<0, tp>>;
};
static_assert(st::best_mesh<my_job>.meshes >= 0);
