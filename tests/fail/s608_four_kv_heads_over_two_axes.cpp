// Four kv heads over 2 x 4 devices: the second axis has two left to split, so its major part is 2.
//
// expect: [ST-S608]
// expect: ST_S608<
// expect: divided_axis<link_gpus, 2>
// expect: on_axis<link_gpus>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<2> {};
struct link_gpus final : st::axis<4> {};

constexpr st::llama_config my_llama{
    .dim = 96, .layers = 2, .heads = 8, .kv_heads = ST_TOKEN(4, 8), .ffn_dim = 96, .vocabulary = 96};
struct my_job {
    using mesh = st::mesh<node_gpus, link_gpus>;
    using strategy = st::strategy<st::sequence_parallel<node_gpus>, st::sequence_parallel<link_gpus>>;
    using model = st::llama<my_llama>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
