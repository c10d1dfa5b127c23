// Four ranks without a role would all do the same work.
//
// expect: [ST-S616]
// expect: ST_S616<
// expect: one_of<shardtype::ddp<node_gpus>, shardtype::fsdp<node_gpus>, shardtype::tensor_parallel<node_gpus>, shardtype::sequence_parallel<node_gpus>
// expect: on_axis<node_gpus>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using nobody = st::strategy<>;
using everybody = st::strategy<st::fsdp<node_gpus>>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = ST_TOKEN(nobody, everybody);
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
