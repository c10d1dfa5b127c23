// Beside a float state, activations are in float or bf16.
//
// expect: [ST-S613]
// expect: ST_S613<
// expect: write<shardtype::using_compute<shardtype::bf16>
// expect: on_axis<void>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct my_job {
    using compute = ST_TOKEN(double, float);
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
