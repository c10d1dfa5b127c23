// Two kv heads cannot be split over four devices; one would be whole on each, or the axis be divided.
//
// expect: [ST-S608]
// expect: ST_S608<
// expect: divided_axis<node_gpus, 2>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};

constexpr st::llama_config my_llama{
    .dim = 64, .layers = 2, .heads = 8, .kv_heads = ST_TOKEN(2, 4), .ffn_dim = 64, .vocabulary = 64};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::sequence_parallel<node_gpus>>;
    using model = st::llama<my_llama>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
