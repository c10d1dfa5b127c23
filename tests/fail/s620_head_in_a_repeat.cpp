// The blocks of a repeat have one copy of steps, walked for each: a table of the whole model is not theirs.
//
// expect: [ST-S620]
// expect: ST_S620<
// expect: on_axis<void>
// expect-gcc: wte.weight
// expect-clang: 'w', 't', 'e', '.', 'w', 'e', 'i', 'g', 'h', 't'
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
template <class... Layers>
using twice = st::repeat<2, Layers...>;
template <class... Layers>
using once = st::chain<Layers...>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::named<"wte", st::embedding<64, 64>>, ST_TOKEN(twice, once) < st::tied_linear<"wte">>,
          st::cross_entropy > ;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
