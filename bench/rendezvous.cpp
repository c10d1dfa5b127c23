// Time that ranks lose by waiting for each other in a training step of the debug Llama, three ways that take turns, so
// that what else runs here meets all of them:
//   blocking    a collective is one step that begins when all ranks are there and ends when all have read
//   in place    the same schedule; small operands are copied aside
//   overlapped  starts, waits and finishes moved apart by schedule/overlap.hpp, as jobs run
//
//   build/bench/bench_rendezvous --benchmark_filter=ranks:2/ --benchmark_min_time=20
//
// waited: milliseconds a step in which ranks wait, added over all ranks; where ranks share cores it contains the time
// in which the others use them. share: overlapped of blocking.

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <shardtype/runtime.hpp>

namespace st = shardtype;

namespace {

constexpr st::llama_config debug_model{
    .dim = 256, .layers = 6, .heads = 16, .kv_heads = 16, .ffn_dim = 768, .vocabulary = 2048};
template <class Mesh, class... Roles>
struct job {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    using model = st::llama<debug_model>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};

// A schedule that is made here, at run time, in both forms.
struct runnable {
    std::unique_ptr<st::schedule_builder> built;
    std::vector<st::bound_step> bound;
    st::program_on<> view{};

    runnable(st::graph const& g, bool overlap)
        : built(std::make_unique<st::schedule_builder>(
              st::detail::lower<st::library_operations>(g, st::cpu_back_end::scratch, overlap))) {
        st::schedule_builder const& s = *built;
        if (!s.says.legal()) throw std::runtime_error("the job does not lower");
        for (short i = 0; i < s.step_count; ++i)
            bound.push_back(s.steps[i].kind == st::step_kind::release
                                ? st::bound_step{}
                                : st::detail::bind_step<float>(st::library_kernels{}, s.steps[i]));
        view.schedule = {s.steps,        s.buffers,       s.segments,        s.parameters, s.step_count,
                         s.buffer_count, s.segment_count, s.parameter_count, s.at};
        view.bound = bound.data();
    }
};

double now() {
    return 1e-9 *
           static_cast<double>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

struct seconds {
    double wall = 0, waited = 0;  // of a step
};

template <class Job>
seconds train(runnable const& program, bool copies, int steps) {
    std::vector<double> waited(static_cast<std::size_t>(Job::mesh::size));
    double wall = 0;
    auto limits = st::thread::patience::of(Job::mesh::size <= st::thread::usable_cpus());
    if (!copies) limits.staged_bytes = -1;
    st::thread::world ranks(Job::mesh::axis_size, Job::mesh::axes, 2 * program.view.schedule.at.slots, limits);
    ranks.run([&](st::thread::rank_communicators& me) {
        st::walker_on<st::thread::rank_communicators> w(program.view, me);
        st::step_numbers numbers;
        numbers.adamw.step = 1;
        w.context().numbers = numbers;
        auto const inputs = [&](int) {
            for (long i = 0; i < program.built->buffers[program.built->at.tokens].bytes / 4; ++i)
                w.at<int>(program.built->at.tokens)[i] = w.at<int>(program.built->at.targets)[i] =
                    static_cast<int>(i * 37 % debug_model.vocabulary);
        };
        w.step_once(1, inputs);
        me.all.barrier();
        double const begin = now(), before = me.waited_seconds();
        for (int s = 0; s < steps; ++s) w.step_once(1, inputs);
        waited[static_cast<std::size_t>(me.rank)] = me.waited_seconds() - before;
        me.all.barrier();
        if (me.rank == 0) wall = now() - begin;
    });
    seconds sum{wall / steps, 0};
    for (double w : waited) sum.waited += w / steps;
    return sum;
}

template <class Job>
void rendezvous(benchmark::State& state) {
    constexpr st::graph const& g = st::checked<Job>::value;
    runnable const in_place(g, false), overlapped(g, true);
    seconds sums[3];
    for (auto _ : state)
        for (int way = 0; way < 3; ++way) {
            seconds const s = train<Job>(way == 2 ? overlapped : in_place, way > 0, 4);
            sums[way].wall += s.wall;
            sums[way].waited += s.waited;
        }
    char const* const names[] = {"blocking", "in_place", "overlapped"};
    for (int way = 0; way < 3; ++way) {
        double const n = static_cast<double>(state.iterations());
        state.counters[std::string(names[way]) + "_ms"] = 1e3 * sums[way].wall / n;
        state.counters[std::string(names[way]) + "_waited_ms"] = 1e3 * sums[way].waited / n;
    }
    state.counters["share"] = sums[2].waited / sums[0].waited;
    state.counters["in_place_MB"] = 1e-6 * static_cast<double>(in_place.built->at.arena_bytes);
    state.counters["overlapped_MB"] = 1e-6 * static_cast<double>(overlapped.built->at.arena_bytes);
}

using shard_2 = st::mesh<st::dp_shard<2>>;
using tensor_2 = st::mesh<st::tp<2>>;
using shard_2_tensor_4 = st::mesh<st::dp_shard<2>, st::tp<4>>;
BENCHMARK(rendezvous<job<shard_2, st::fsdp<st::dp_shard<2>>>>)->Name("rendezvous/fsdp/ranks:2/");
BENCHMARK(rendezvous<job<tensor_2, st::sequence_parallel<st::tp<2>>>>)->Name("rendezvous/sequence_parallel/ranks:2/");
BENCHMARK(rendezvous<job<shard_2_tensor_4, st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>>)
    ->Name("rendezvous/fsdp,sequence_parallel/ranks:2x4/");

}  // namespace
