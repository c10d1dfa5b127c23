// 6 kv heads over 4 devices, in a whole model: the error names the layer and the axis.
// expect: [ST-S608]
// errors: 2
// expect: ST_S608<
// expect: node_gpus
// expect-gcc: attention
// expect-clang: 'a', 't', 't', 'e', 'n', 't', 'i', 'o', 'n'
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};

constexpr st::llama_config my_llama{
    .dim = 48, .layers = 2, .heads = 12, .kv_heads = ST_TOKEN(6, 12), .ffn_dim = 64, .vocabulary = 64};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::sequence_parallel<node_gpus>>;
    using model = st::llama<my_llama>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
static_assert(st::lowered<my_job, st::buffers_only>::arena_bytes > 0);
