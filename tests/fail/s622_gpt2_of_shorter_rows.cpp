// A GPT-2 learns one vector for each position, so its rows are as long as its table: `gpt2_config::sequence`.
//
// expect: [ST-S622]
// expect: ST_S622<
// expect: write<shardtype::position_embedding<16>
// expect: on_axis<void>
// expect-gcc: "wpe"
// expect-clang: in_layer<'w', 'p', 'e'>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::gpt2<st::gpt2_config{.dim = 64, .layers = 2, .heads = 4, .vocabulary = 128, .sequence = 32}>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = ST_TOKEN(16, 32)};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
