// Trips are counted from 0, so a repeat of two has no trip 2.
//
// expect: [ST-S618]
// expect: ST_S618<
// expect: on_axis<void>
// expect-gcc: layers.1-2
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"layers.1"
// expect-clang: 'l', 'a', 'y', 'e', 'r', 's', '.', '1', '-', '2'
// expect-clang: write<shardtype::detail::in_layer<'l', 'a', 'y', 'e', 'r', 's', '.', '1'>>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>, st::in_layers<"layers.1-2", st::recompute>>;
    using model =
        st::chain<st::embedding<64, 32>, st::named<"layers", st::repeat<ST_TOKEN(2, 3), st::residual<st::rms_norm>>>,
                  st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
