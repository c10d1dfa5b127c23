// Llama's name of a layer of which GPT-2's begins with the same letters.
//
// expect: [ST-S618]
// expect: ST_S618<
// expect: on_axis<void>
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"h.0-1.attn"
// expect-clang: write<shardtype::detail::in_layer<'h', '.', '0', '-', '1', '.', 'a', 't', 't', 'n'>>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<2> {};
using misspelled = st::in_layers<"h.0-1.attention", st::recompute>;
using spelled = st::in_layers<"h.0-1.attn", st::recompute>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>, ST_TOKEN(misspelled, spelled)>;
    using model = st::gpt2<st::gpt2_config{.dim = 64, .layers = 4, .heads = 4, .vocabulary = 128, .sequence = 32}>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 32};
};
constexpr int operations = st::checked<my_job>::value.node_count;
