#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <shardtype/bench/limits.hpp>

namespace shardtype::bench {

/// What one call does on all ranks together, in flops, bytes read and written, or round trips, and its limit.
struct work {
    limit of = limit::fma;
    double amount = 0;
};

namespace detail {

/// The wall time of a call on all ranks, by blocks of at least 0.2 ms between two barriers; the ranks are warm before.
template <class Call>
void time_calls(benchmark::State& state, thread::communicator const& all, Call& call, rank_times& taken,
                std::vector<double>& times) {
    bool const first = all.rank() == 0;
    double told[2] = {1, 1};  // by rank 0: go on warming up; calls of a block
    double const begin = now();
    for (int warm = 1; told[0] != 0; ++warm) {
        call();
        double const spent = now() - begin;
        told[0] = warm < 2 || spent < 2e-3 ? 1 : 0;
        told[1] = std::clamp(2e-4 * warm / spent, 1.0, 1e6);
        all.broadcast(told, 2, 0);
    }
    long const block = static_cast<long>(told[1]), total = state.max_iterations;
    long done = 0;  // calls of the open block
    for (long i = 0; first ? state.KeepRunning() : i < total; ++i) {
        if (done == 0) {
            if (first) state.PauseTiming();
            all.barrier();
            if (first) state.ResumeTiming();
            taken.begin(all.rank());
        }
        call();
        if (++done < block && i + 1 < total) continue;
        taken.end(all.rank());
        all.barrier();
        if (first && (done == block || times.empty())) times.push_back(taken.seconds() / static_cast<double>(done));
        done = 0;
    }
}

}  // namespace detail

/// Runs the state's calls on one thread for each rank of Mesh: `make(rank_communicators&)` gives each its callable,
/// made on its own thread. Counters: best_us and median_us of a call's blocks, the best block's rate, the limit, and
/// `share`, the one over the other. A failure of a rank is the row's error.
/// @param slots collectives that the calls have in flight
template <class T, class Mesh, class Make>
void measure(benchmark::State& state, int slots, work const& w, Make make) try {
    int const cpus = thread::usable_cpus(), threads = std::min(Mesh::size, cpus);
    long const bytes = static_cast<long>(w.amount / threads);
    double most = rate_of<T>(w.of, bytes, threads);
    std::vector<double> times;
    shardtype::detail::rank_times taken(Mesh::size);
    thread::world world(Mesh{}, slots);
    world.run([&](thread::rank_communicators& me) {
        cpu::use_threads(1);
        auto call = make(me);
        detail::time_calls(state, me.all, call, taken, times);
    });
    std::sort(times.begin(), times.end());
    double const best = times.front(), rate = w.amount / best;
    if (rate > most) most = rate_of<T>(w.of, bytes, threads, rate);
    auto const text = text_of(w.of, same<T, float>);
    state.counters["best_us"] = 1e6 * best;
    state.counters["median_us"] = 1e6 * times[times.size() / 2];
    state.counters[text.unit] = rate * text.scale;
    state.counters[std::string("limit_") + text.unit] = most * text.scale;
    state.counters["share"] = rate / most;
    auto const number_of = [](int n, char const* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); };
    std::string label = number_of(Mesh::size, "rank");
    if (Mesh::size > cpus) label += " on " + number_of(cpus, "CPU");
    label += std::string(", of ") + text.name;
    if (threads > 1 && w.of != limit::handover) label += " on " + std::to_string(threads) + " CPUs";
    state.SetLabel(label);
} catch (std::exception const& e) {
    state.SkipWithError(e.what());
}

}  // namespace shardtype::bench
