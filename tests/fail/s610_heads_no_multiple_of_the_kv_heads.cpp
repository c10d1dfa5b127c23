// Eight query heads cannot share three kv heads.
//
// expect: [ST-S610]
// expect: ST_S610<
// expect: multiple_of<3, 8>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<2> {};

constexpr st::llama_config my_llama{
    .dim = 96, .layers = 2, .heads = 8, .kv_heads = ST_TOKEN(3, 2), .ffn_dim = 96, .vocabulary = 96};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::llama<my_llama>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
