// A job's state is in float or double; bf16 is for `compute`.
//
// expect: [ST-S613]
// expect: ST_S613<
// expect: write<shardtype::using_element<float>
// expect: on_axis<void>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
using st::bf16;
struct my_job {
    using element = ST_TOKEN(bf16, float);
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
