// The head shares the table of a layer that declared none.
//
// expect: [ST-S620]
// expect: ST_S620<
// expect: on_axis<void>
// expect-gcc: wpe.weight
// expect-clang: 'w', 'p', 'e', '.', 'w', 'e', 'i', 'g', 'h', 't'
// expect-gcc: write<shardtype::detail::in_layer<shardtype::label{"wte.weight"
// expect-clang: write<shardtype::detail::in_layer<'w', 't', 'e', '.', 'w', 'e', 'i', 'g', 'h', 't'>>
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using of_another = st::tied_linear<"wpe">;
using of_the_table = st::tied_linear<"wte">;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model =
        st::chain<st::named<"wte", st::embedding<64, 32>>, ST_TOKEN(of_another, of_the_table), st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
