// Llama's name of the blocks, and more of them than there are.
//
// expect: [ST-S618]
// expect: ST_S618<
// expect: on_axis<void>
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"h.1-3"
// expect-clang: write<shardtype::detail::in_layer<'h', '.', '1', '-', '3'>>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<2> {};
using misspelled = st::in_layers<"layers.1-5", st::recompute>;
using spelled = st::in_layers<"h.1-3", st::recompute>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>, ST_TOKEN(misspelled, spelled)>;
    using model = st::gpt2<st::gpt2_config{.dim = 64, .layers = 4, .heads = 4, .vocabulary = 128, .sequence = 32}>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 32};
};
constexpr int operations = st::checked<my_job>::value.node_count;
