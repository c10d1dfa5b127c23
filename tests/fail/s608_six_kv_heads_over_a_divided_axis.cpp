// Six kv heads over the two parts of an axis of four: a multiple of 4 is needed, though 6 is one of either part.
//
// expect: [ST-S608]
// expect: ST_S608<
// expect: multiple_of<4, 6>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct link_gpus final : st::axis<4> {};

constexpr st::llama_config my_llama{
    .dim = 96, .layers = 2, .heads = 12, .kv_heads = ST_TOKEN(6, 4), .ffn_dim = 96, .vocabulary = 96};
struct my_job {
    using mesh = st::mesh<st::major<link_gpus, 2>, st::minor<link_gpus, 2>>;
    using strategy = st::strategy<st::sequence_parallel<link_gpus>>;
    using model = st::llama<my_llama>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
