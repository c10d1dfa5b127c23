// An exception for a layer that the model does not have would do nothing.
//
// expect: [ST-S618]
// expect: ST_S618<
// expect: on_axis<void>
// expect-gcc: "heat"
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"head"
// expect-clang: 'h', 'e', 'a', 't'
// expect-clang: write<shardtype::detail::in_layer<'h', 'e', 'a', 'd'>>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using misspelled = st::in_layers<"heat", st::recompute>;
using spelled = st::in_layers<"head", st::recompute>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>, ST_TOKEN(misspelled, spelled)>;
    using model = st::chain<st::embedding<64, 32>, st::named<"head", st::linear<64>>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
