// A Llama checked, lowered to its schedule, and laid out in memory.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct job {
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};
static_assert(st::lowered<job, st::buffers_only>::arena_bytes > 0);
