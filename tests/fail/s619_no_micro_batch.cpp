// A step has at least one micro-batch.
//
// expect: [ST-S619]
// expect: ST_S619<
// expect: on_axis<void>
// expect: of_step::rows<8>
// expect: of_step::micro_batches<0>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 8, .micro_batches = ST_TOKEN(0, 1)};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
