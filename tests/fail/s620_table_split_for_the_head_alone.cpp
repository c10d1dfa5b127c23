// The head uses the table that lies as its own layer has it, so tensor parallelism is for both or for neither.
//
// expect: [ST-S620]
// expect: ST_S620<
// expect: on_axis<tensor_gpus>
// expect-gcc: wte.weight
// expect-clang: 'w', 't', 'e', '.', 'w', 'e', 'i', 'g', 'h', 't'
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct data_gpus final : st::axis<2> {};
struct tensor_gpus final : st::axis<2> {};
template <class Axis>
using whole = st::ddp<Axis>;
template <class Axis>
using rows = st::tensor_parallel<Axis>;
struct my_job {
    using mesh = st::mesh<data_gpus, tensor_gpus>;
    using strategy = st::strategy < st::fsdp<data_gpus>, st::ddp<tensor_gpus>, st::in_layers < "head",
          ST_TOKEN(rows, whole) < tensor_gpus >>>
        ;
    using model = st::chain<st::named<"wte", st::embedding<64, 32>>, st::named<"head", st::tied_linear<"wte">>,
                            st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
