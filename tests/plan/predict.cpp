// What schedules cost: against sums by hand, and on jobs of Llama 3 what belongs to parameters.

#include <doctest/doctest.h>

#include "../../bench/memory/llama3_jobs.hpp"

#include <shardtype/plan/predict.hpp>

#include <memory>

namespace st = shardtype;
namespace kernels = st::kernels;
using st::segment_kind;
using st::step_kind;

namespace {

/// 1 byte a ns, 1 flop a ns, a launch of 10 ns; a ring of 2 at 1 byte a ns.
constexpr st::hardware by_hand{.name = "by_hand",
                               .bf16_flops = 1'000'000'000,
                               .memory_bandwidth = 1'000'000'000,
                               .link_bandwidth = 1'000'000'000,
                               .f32_flops = 1'000'000'000,
                               .launch = 10,
                               .matmul_efficiency = 1000,
                               .memory_efficiency = 1000};
constexpr st::hardware without_overlap(st::hardware h) {
    h.overlaps = false;
    return h;
}

struct writer {
    st::schedule_builder& b;

    /// Of `bytes` operands' bytes.
    constexpr void kernel(long bytes, int from = 0, int to = 1 << 30) const {
        st::step& s = b.add_step();
        s.kernel = st::id_of<kernels::copy>;
        s.type = st::dtype::bf16;
        s.dim[0] = bytes / 4;
        s.args = 0;
        s.from = from;
        s.to = to;
    }
    /// An all_gather of so many bytes in all, in three phases.
    template <class Kernel>
    constexpr void collective(long count, short source, short target, step_kind first, int from = 0,
                              int to = 1 << 30) const {
        for (int i = 0; i < 3; ++i) {
            st::step& s = b.add_step();
            s.kernel = st::id_of<Kernel>;
            s.kind = i == 0 ? first : i == 1 ? step_kind::collective_wait : step_kind::collective_finish;
            s.type = st::dtype::bf16;
            s.axis = 0;
            s.args = 2;
            s.arg[0].buffer = source;
            s.arg[1].buffer = target;
            s.dim[0] = count;
            s.dim[1] = 1;
            s.from = from;
            s.to = to;
        }
    }
};

constexpr st::schedule_builder small() {
    st::schedule_builder b;
    writer const w{b};
    short const here = b.add_buffer(8), there = b.add_buffer(8), local = b.add_buffer(8);
    short const gradient = b.add_buffer(8, st::buffer_class::gradient);
    b.open(1, false, segment_kind::set_up);
    w.kernel(1'000'000);
    b.open(1, false, segment_kind::begin_step);
    w.collective<kernels::all_gather>(25, here, there, step_kind::materialize);  // 2 ranks x 25 x 2 / 2 = 50 ns
    b.open(4, false, segment_kind::forward);
    w.kernel(100);                                                                      // 110 each trip
    w.kernel(40, 1, 3);                                                                 // 50 in two trips
    w.collective<kernels::all_gather>(300, here, there, step_kind::materialize, 0, 1);  // 600, the first
    w.collective<kernels::all_gather>(300, here, there, step_kind::materialize, 0, 3);  // 600, the other three
    w.collective<kernels::all_gather>(10, here, there, step_kind::collective_start);    // 20, of activations
    b.open(2, true, segment_kind::backward);
    w.kernel(1'000);                                                                       // 1,010
    w.collective<kernels::reduce_scatter>(100, here, local, step_kind::collective_start);  // 200, on the way to
    w.collective<kernels::all_reduce>(100, local, gradient, step_kind::collective_start);  // 200, a gradient
    w.collective<kernels::reduce_scatter>(150, here, there, step_kind::collective_start);  // 300, of activations
    b.open(1, false, segment_kind::update);
    w.kernel(88);  // 98
    b.close();
    b.at.arena_bytes = 12'345;
    return b;
}

}  // namespace

TEST_CASE("a schedule by hand") {
    static constexpr st::schedule_builder b = small();
    struct of_two final : st::axis<2> {};
    constexpr st::cluster c = st::cluster_of<st::mesh<of_two>>(by_hand);
    constexpr st::prediction p = st::predict(b, 3, c);
    long const forward = 4 * 110 + 2 * 50, backward = 2 * 1'010;
    CHECK(p.compute == 3 * (forward + backward) + 98);
    CHECK(p.communication == 50 + 3 * (4 * 600 + 4 * 20 + 2 * (200 + 200 + 300)));
    // Forward waits for parameters, 2,400 > 540 + 80; backward for its kernels and activations, 2,620 > 800.
    CHECK(p.time == 50 + 3 * (2'400 + backward + 600) + 98);
    CHECK(p.exposed == p.time - p.compute);
    CHECK(p.memory == 12'345);
    constexpr st::prediction one_by_one = st::predict(b, 3, st::cluster_of<st::mesh<of_two>>(without_overlap(by_hand)));
    CHECK(one_by_one.time == p.compute + p.communication);
    CHECK(one_by_one.exposed == p.communication);
}

namespace {

using namespace llama3_jobs;

struct m8b_fsdp_8_twice : m8b_fsdp_8 {
    static constexpr st::batch_shape batch{.global = 16, .sequence = 8192, .micro_batches = 2};
};
struct m8b_fsdp_8_in_place : m8b_fsdp_8 {
    static constexpr bool overlap = false;
};
struct m8b_zero1_8 : job<st::llama3_8b, st::mesh<shards<8>>, st::strategy<st::zero1<shards<8>>>, 1> {};

/// Counts the collectives on each axis that are parameters', and the others.
struct counts {
    int parameters[3]{}, others[3]{};
};
template <class Job>
counts count() {
    auto const s = st::view_of(st::lowered<Job, st::buffers_only>::value);
    st::parameter_collectives const of_parameters(s);
    counts c;
    for (int i = 0; i < s.step_count; ++i) {
        if (!st::detail::starts_collective(s.steps[i])) continue;
        ++(of_parameters.has(s.steps[i]) ? c.parameters : c.others)[s.steps[i].axis];
    }
    return c;
}

template <class Job, st::hardware H>
void same_at_run_time() {
    static constexpr st::prediction compiled = st::predicted<Job, H>;
    st::cluster c = st::cluster_of<typename Job::mesh>(H);
    int volatile micro_batches = st::checked<Job>::value.micro_batches;
    st::prediction const p = st::predict(st::view_of(st::lowered<Job, st::buffers_only>::value), micro_batches, c);
    CHECK(p.time == compiled.time);
    CHECK(p.compute == compiled.compute);
    CHECK(p.communication == compiled.communication);
    CHECK(p.exposed == compiled.exposed);
    CHECK(p.memory == st::lowered<Job, st::buffers_only>::arena_bytes);
    CHECK(compiled.memory == p.memory);
    CHECK(compiled.time >= compiled.compute);
    CHECK(compiled.exposed <= compiled.communication);
}

}  // namespace

TEST_CASE("which collectives are parameters'") {
    // FSDP: but for the loss and the norm of the gradients, all of them.
    counts c = count<m8b_fsdp_8>();
    CHECK(c.others[0] == 2);
    CHECK(c.parameters[0] > 3 * 9);
    // ZeRO-1: gathers and reductions once a step.
    c = count<m8b_zero1_8>();
    CHECK(c.others[0] == 2);
    CHECK(c.parameters[0] == 2 * (9 + 3));
    // DDP over 2, FSDP over 16, the sequence over 8 ranks: on the first axis reductions of 12 gradients and the loss; on
    // the second gathers and reductions as above; on the last those of the three norms' gradients, which are parts of sums.
    c = count<m70b_hsdp_2_16_tp_8>();
    CHECK(c.parameters[0] == 12);
    CHECK(c.others[0] == 1);
    CHECK(c.others[1] == 3);  // matrices and norms are sharded over other axes: a norm each
    CHECK(c.parameters[2] == 3);
    CHECK(c.others[2] > 8);
}

TEST_CASE("micro-batches repeat forward and backward alone") {
    st::prediction const one = st::predicted<m8b_fsdp_8, st::h100_sxm>,
                         two = st::predicted<m8b_fsdp_8_twice, st::h100_sxm>;
    // AdamW and the norm: 7 + 1 passes over float32 shards.
    long const shard = st::lowered<m8b_fsdp_8, st::buffers_only>::value.at.state_bytes;
    double const once = 8.0 * static_cast<double>(shard) / (3350e9 * 0.8) * 1e9;
    CHECK(static_cast<double>(2 * one.compute - two.compute) == doctest::Approx(once).epsilon(0.01));
}

TEST_CASE("a job without overlap pays for every collective") {
    st::prediction const p = st::predicted<m8b_fsdp_8_in_place, st::h100_sxm>;
    CHECK(p.exposed == p.communication);
    CHECK(p.compute == st::predicted<m8b_fsdp_8, st::h100_sxm>.compute);
    CHECK(st::predicted<m8b_fsdp_8, st::h100_sxm>.exposed < p.exposed / 10);
}

TEST_CASE("compile time and run time agree to the bit") {
    same_at_run_time<m8b_fsdp_8, st::a100_80gb>();
    same_at_run_time<m8b_fsdp_8_twice, st::h100_sxm>();
    same_at_run_time<m8b_fsdp_16_tp_8, st::h200_sxm>();
    same_at_run_time<m8b_fsdp_128_recompute, st::b200_sxm>();
    same_at_run_time<m70b_hsdp_2_16_tp_8, st::h100_sxm>();
}
