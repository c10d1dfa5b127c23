// What a plan says of memory and time holds for any choice that the stated chain has, not for the best one alone: options
// are picked at random, decoded, lowered as one program, and walked.
#include <shardtype/plan/planning.hpp>
#include <shardtype/plan/predict.hpp>
#include <shardtype/shardtype.hpp>

#include "../support/schedule_walk.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>

namespace st = shardtype;

namespace {

// Where activations are the most of it, and where parameters are.
constexpr st::llama_config balanced{
    .dim = 128, .layers = 2, .heads = 8, .kv_heads = 4, .ffn_dim = 384, .vocabulary = 1024};
constexpr st::llama_config wide_stream{
    .dim = 256, .layers = 2, .heads = 4, .kv_heads = 4, .ffn_dim = 32, .vocabulary = 64};
constexpr st::llama_config large_vocabulary{
    .dim = 64, .layers = 3, .heads = 4, .kv_heads = 2, .ffn_dim = 1024, .vocabulary = 8192};
constexpr st::llama_config deep{.dim = 512, .layers = 6, .heads = 8, .kv_heads = 4, .ffn_dim = 768, .vocabulary = 512};
constexpr st::gpt2_config tied{.dim = 256, .layers = 3, .heads = 8, .vocabulary = 128, .sequence = 64};

struct totals {
    int plans = 0, below = 0;  // with memory below the arena
    double memory = 0;         // sum of how far above
    double least_memory = 1, least_time = 0, most_time = 0;
};

struct setting {
    long rows = 16, sequence = 64;
    bool overlaps = false;
    int micro_batches = 1;
    st::dtype compute = st::dtype::f32;
    st::role_set roles = st::usual_roles;
};

/// One option a layer, most of them such that neighbours lie alike; no time where they cannot be neighbours.
template <class Problem>
auto pick(Problem const& p, std::mt19937& random) {
    auto const& chain = p.chain;
    st::chain_solution<Problem::positions> s;
    auto const any = [&](int count) { return static_cast<short>(random() % static_cast<unsigned>(count)); };
    s.outcome = st::chain_outcome::optimal;
    s.time = chain.entry[0];
    s.memory = chain.fixed;
    long window = 0;
    short lies = -1, shared = -1;
    for (int r = 0; r < chain.runs; ++r)
        for (int k = 0; k < chain.run[r].count; ++k) {
            auto const& kind = chain.of[chain.run[r].of];
            short o = any(kind.count);
            for (int i = 0; i < 50 && any(6) > 1 && lies >= 0 && kind.option[o].in != lies; ++i) o = any(kind.count);
            if (k > 0 && any(2) == 0) o = s.choice[s.positions - 1];
            st::chain_option const& one = kind.option[o];
            if (p.kind[chain.run[r].of].is_tied) {
                if (shared >= 0 && shared != one.in) s.time = st::unreachable;
                shared = one.in;
            }
            if (lies >= 0 && s.time < st::unreachable) {
                st::chain_edge const& e = chain.redistribution[lies][one.in];
                s.time = e.time < st::unreachable ? s.time + e.time : st::unreachable;
                window = e.window > window ? e.window : window;
            }
            s.choice[s.positions++] = o;
            if (s.time < st::unreachable) s.time += one.time;
            s.memory += one.memory;
            window = one.window > window ? one.window : window;
            lies = one.out;
        }
    s.memory += window;
    return s;
}

template <class Model, int Axes>
void check_choices(totals& all, int const (&axis)[Axes], setting const& how, int count) {
    static auto const planner = std::make_unique<st::run_time_planner<Model, Axes>>();
    st::cluster on;
    on.on = st::h100_sxm;
    on.on.overlaps = how.overlaps, on.on.launch = 500;
    on.axes = Axes;
    for (int a = 0; a < Axes; ++a) on.axis_size[a] = axis[a];
    st::batch_shape const batch{
        .global = how.rows * how.micro_batches, .sequence = how.sequence, .micro_batches = how.micro_batches};
    st::constraints bound;
    bound.roles = how.roles;
    on.on.memory = 1L << 41, bound.device_memory = 1L << 40;  // no bound
    planner->prepare(on, bound, batch, st::dtype::f32, how.compute);
    planner->state();
    REQUIRE(planner->assembled.chain.complete);
    std::mt19937 random(11);
    for (int i = 0; i < count; ++i) {
        auto const solution = pick(planner->assembled, random);
        if (solution.time >= st::unreachable) continue;
        st::model_plan const plan =
            st::detail::decode(planner->of, planner->all, planner->edges, planner->assembled, solution);
        if (plan.strategy.exceptions > st::model_strategy::max_exceptions) continue;
        auto const g =
            std::make_unique<st::graph>(st::read_model<Model>(plan.strategy, batch, st::dtype::f32, how.compute));
        INFO(g->failed_in.data);
        REQUIRE(g->ok());
        auto const b = std::make_unique<st::schedule_builder>(
            st::detail::lower<st::library_operations>(*g, &st::detail::no_scratch, how.overlaps));
        if (b->says.what == st::code::capacity) continue;
        REQUIRE(b->says.legal());
        st::prediction const ran = st::predict(*b, batch.micro_batches, on);
        ++all.plans;
        double const memory = static_cast<double>(plan.memory) / static_cast<double>(ran.memory) - 1;
        double const time = static_cast<double>(plan.time) / static_cast<double>(ran.time) - 1;
        all.memory += memory;
        all.below += memory < 0 ? 1 : 0;
        all.least_memory = std::min(all.least_memory, memory);
        CAPTURE(i);
        CAPTURE(plan.memory);
        CAPTURE(ran.memory);
        CAPTURE(b->at.live_bytes);
        CHECK(plan.memory >= b->at.live_bytes);  // no layout of the arena would do
        CHECK(memory >= 0);                      // or with its gaps
        if (i % 8 == 0) {                        // the arena's places
            st::schedule_view const whole{b->steps,         b->buffers,         b->segments,
                                          b->parameters,    b->step_count,      b->buffer_count,
                                          b->segment_count, b->parameter_count, b->at};
            schedule_walk walk(whole);
            walk.training_step(batch.micro_batches);
            INFO(walk.text());
            CHECK(walk.faults().empty());
        }
        all.least_time = std::min(all.least_time, time);
        if (!how.overlaps) all.most_time = std::max(all.most_time, time);
        CHECK(time > -0.045);
        if (!how.overlaps) CHECK(time < 0.25);
    }
}

}  // namespace

TEST_CASE("any choice of the chain takes the memory and the time that it says") {
    totals t;
    int const n = 40;
    for (bool const overlaps : {false, true})
        for (int const micro : {1, 2})
            for (st::dtype const compute : {st::dtype::f32, st::dtype::bf16}) {
                setting const usual{16, 64, overlaps, micro, compute, st::usual_roles};
                setting const whole{16, 64, overlaps, micro, compute, st::all_roles};
                setting const eight{8, 32, overlaps, micro, compute, st::usual_roles};
                setting const few{4, 8, overlaps, micro, compute, st::usual_roles};
                check_choices<st::llama<balanced>, 1>(t, {4}, whole, n);
                check_choices<st::llama<balanced>, 2>(t, {2, 4}, whole, n);
                check_choices<st::llama<wide_stream>, 1>(t, {4}, whole, 3 * n);
                check_choices<st::llama<wide_stream>, 2>(t, {2, 2}, whole, n);
                check_choices<st::llama<large_vocabulary>, 1>(t, {4}, few, n);
                check_choices<st::llama<large_vocabulary>, 2>(t, {2, 2}, few, n);
                check_choices<st::llama<deep>, 1>(t, {8}, eight, n);
                check_choices<st::llama<deep>, 3>(t, {2, 2, 2}, usual, n);
                check_choices<st::gpt2<tied>, 1>(t, {4}, whole, 2 * n);
            }
    std::string const seen = std::to_string(t.plans) + " plans, " + std::to_string(t.below) +
                             " with memory below their arena, least " + std::to_string(100 * t.least_memory) +
                             " %, mean " + std::to_string(100 * t.memory / t.plans) + " %; time off by " +
                             std::to_string(100 * t.least_time) + " to " + std::to_string(100 * t.most_time) + " %";
    MESSAGE(seen);
    CHECK(t.plans > 2000);
    CHECK(t.below == 0);
}
