// An axis has one role.
//
// expect: [ST-S616]
// expect: ST_S616<
// expect: write<shardtype::only_one_of<shardtype::fsdp<node_gpus>, shardtype::ddp<node_gpus>
// expect: on_axis<node_gpus>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using twice = st::strategy<st::fsdp<node_gpus>, st::ddp<node_gpus>>;
using once = st::strategy<st::fsdp<node_gpus>>;
struct my_job {
    using mesh = st::mesh<node_gpus>;
    using strategy = ST_TOKEN(twice, once);
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
