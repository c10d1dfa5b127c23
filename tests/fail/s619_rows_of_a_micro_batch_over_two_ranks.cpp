// Eight rows in eight micro-batches leave one row, for two ranks.
//
// expect: [ST-S619]
// expect: ST_S619<
// expect: multiple_of<16, 8>
// expect: on_axis<data_gpus>
// expect: of_step::rows<8>
// expect: of_step::micro_batches<8>
// expect: of_step::data_ranks<2>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct data_gpus final : st::axis<2> {};
struct tensor_gpus final : st::axis<2> {};
struct my_job {
    using mesh = st::mesh<data_gpus, tensor_gpus>;
    using strategy = st::strategy<st::fsdp<data_gpus>, st::tensor_parallel<tensor_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 8, .micro_batches = ST_TOKEN(8, 4)};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
