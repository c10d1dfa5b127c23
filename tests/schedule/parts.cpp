// A CUDA graph records a part of a step: the first micro-batch, a later one, the end. No collective may start in one and
// be waited for in another. Here the stricter: both are in segments of one kind.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"

#include <shardtype/runtime/nccl_back_end.hpp>

#include <string>

namespace st = shardtype;

namespace {

struct size {
    static constexpr st::llama_config config{32, 2, 4, 4, 48, 64, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 16};
};

int kind_of(st::schedule_view const& s, int step) {
    for (int g = 0; g < s.segment_count; ++g)
        if (step >= s.segments[g].begin && step < s.segments[g].end) return static_cast<int>(s.segments[g].when);
    return -1;
}

template <class Layout>
int waits() {
    CAPTURE(std::string(Layout::name));
    auto const s = st::view_of(st::lowered<layouts::job<Layout, size>, st::nccl_back_end>::value);
    int found = 0;
    for (int wait = 0; wait < s.step_count; ++wait) {
        if (s.steps[wait].kind != st::step_kind::collective_wait) continue;
        ++found;
        for (int start = 0; start < s.step_count; ++start) {
            st::step const& t = s.steps[start];
            bool const starts = t.kind == st::step_kind::collective_start || t.kind == st::step_kind::materialize;
            if (starts && t.slot == s.steps[wait].slot) CHECK(kind_of(s, start) == kind_of(s, wait));
        }
    }
    return found;
}

}  // namespace

TEST_CASE("collectives are waited for in the part of the step that starts them") {
    int all = 0;
    layouts::for_each<layouts::one, layouts::fsdp_8, layouts::ddp_8, layouts::tp_4, layouts::fsdp_2_tp_4,
                      layouts::fsdp_4_sp_2, layouts::hsdp_2_2_sp_2, layouts::zero1_8, layouts::zero2_8,
                      layouts::zero1_2_sp_4, layouts::zero2_4_tp_2, layouts::fsdp_4_recompute,
                      layouts::ddp_2_zero1_2_fsdp_2>([&]<class Layout>() { all += waits<Layout>(); });
    CHECK(all > 300);
}
