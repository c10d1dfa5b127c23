// Jobs run collectives apart from each other unless they say that they do not.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;

namespace {

struct job {
    using mesh = st::mesh<st::dp_shard<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<4>>>;
    using model = st::llama<st::llama_config{
        .dim = 64, .layers = 4, .heads = 4, .kv_heads = 4, .ffn_dim = 128, .vocabulary = 256}>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 64};
};
struct in_place : job {
    static constexpr bool overlap = false;
};
struct alone : job {
    using mesh = st::mesh<st::dp_shard<1>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<1>>>;
};

// Steps that run for the trip before or after, and finishes that are not right behind their waits.
struct moved {
    int ahead = 0, apart = 0;
};
template <class Job>
constexpr moved moved_in() {
    auto const& s = st::lowered<Job, st::buffers_only>::value;
    moved n;
    for (auto const& t : s.steps) n.ahead += t.ahead;
    for (int i = 1; i < static_cast<int>(sizeof s.steps / sizeof s.steps[0]); ++i)
        n.apart += s.steps[i].kind == st::step_kind::collective_finish && s.steps[i - 1].slot != s.steps[i].slot;
    return n;
}
static_assert(moved_in<job>().ahead == 2 * 2 * 9);  // start and finish, forward and backward, of nine parameters
static_assert(moved_in<job>().apart > 0);
static_assert(moved_in<in_place>().ahead == 0 && moved_in<in_place>().apart == 0);
static_assert(st::lowered<in_place, st::buffers_only>::arena_bytes < st::lowered<job, st::buffers_only>::arena_bytes);
static_assert(moved_in<alone>().ahead == 0);

}  // namespace
