// Two operations share a name: which lowering is meant?
//
// expect: [ST-S615]
// expect: ST_S615<
// expect: my_job
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
struct node_gpus final : st::axis<4> {};
struct taken {
    static constexpr char const* name = "rms_norm";
};
struct fresh {
    static constexpr char const* name = "my_norm";
};
namespace shardtype {
template <>
struct lowering<taken> : lowering<rules::rms_norm> {};
template <>
struct lowering<fresh> : lowering<rules::rms_norm> {};
}  // namespace shardtype
struct my_job {
    using operations = st::type_list<ST_TOKEN(taken, fresh)>;
    using mesh = st::mesh<node_gpus>;
    using strategy = st::strategy<st::fsdp<node_gpus>>;
    using model = st::chain<st::embedding<64, 32>, st::rms_norm, st::linear<64>, st::cross_entropy>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
constexpr long bytes = st::lowered<my_job, st::buffers_only>::arena_bytes;
