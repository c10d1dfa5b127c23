// Collectives among thread ranks, as bytes moved per second and as a share of what this machine's memory moves in the
// same run: `limit` is a plain read-and-write stream over buffers of the same total size, by as many threads.
//   collectives [--benchmark_filter=all_reduce]
#include <shardtype/comm/thread/world.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace shardtype;
using thread::rank_communicators;

namespace {

using seconds = std::chrono::duration<double>;
using call = void (*)(thread::communicator const&, float*, float*, long);

// Shortest and median time of one call, by rank 0, over blocks of calls, with all ranks in step.
struct timing {
    double best = 0;
    double median = 0;
};

template <class F>
timing time_of(int ranks, std::size_t floats, F f) {
    thread::world world({ranks}, 1);
    timing found;
    world.run([&](rank_communicators& me) {
        std::vector<float> a(floats, 1e-30f), b(floats, 1e-30f);  // touched by their own rank
        std::vector<double> times;
        for (int i = 0; i < 3; ++i) f(me.all, a.data(), b.data());
        long calls = 1;
        double spent = 0;
        for (int block = 0; block < 2000 && (block < 12 || spent < 0.3); ++block) {
            me.all.barrier();
            auto const begin = std::chrono::steady_clock::now();
            for (long i = 0; i < calls; ++i) f(me.all, a.data(), b.data());
            double const took = seconds(std::chrono::steady_clock::now() - begin).count();
            double settings[2] = {static_cast<double>(calls), took};
            me.all.broadcast(settings, 2, 0);  // all ranks do as rank 0 does
            spent += settings[1];
            if (settings[1] < 2e-4)
                calls *= 2;
            else
                times.push_back(settings[1] / settings[0]);
        }
        std::sort(times.begin(), times.end());
        if (me.rank == 0 && !times.empty()) found = {times.front(), times[times.size() / 2]};
    });
    return found;
}

// Bytes per second that this machine reads and writes over as many bytes: b[i] = a[i] by one thread for each CPU (more
// threads than that would time themselves, not the memory), several rounds between two meetings.
double stream_bandwidth(int ranks, long bytes) {
    int const threads = std::min(ranks, thread::usable_cpus());
    long const count = bytes / 4 * ranks / threads;
    long const rounds = std::max(1L, (1L << 20) / count);
    timing const t = time_of(threads, static_cast<std::size_t>(count), [=](auto const& group, float* a, float* b) {
        float const* const source = a;
        for (long i = 0; i < rounds; ++i) thread::detail::combine<reduction::sum>(&source, 1, &b, 1, 0, count);
        group.barrier();
    });
    return 8.0 * static_cast<double>(count * threads * rounds) / t.best;
}

void report(benchmark::State& state, int ranks, long bytes_each, double moved, std::size_t floats, call f) {
    long const count = bytes_each / 4;
    timing const t = time_of(ranks, floats, [=](auto const& group, float* a, float* b) { f(group, a, b, count); });
    double const limit = stream_bandwidth(ranks, bytes_each);
    for (auto _ : state) state.SetIterationTime(t.best);
    state.counters["best_us"] = t.best * 1e6;
    state.counters["median_us"] = t.median * 1e6;
    state.counters["moved_MB"] = moved / 1e6;
    state.counters["GB/s"] = moved / t.best / 1e9;
    state.counters["limit_GB/s"] = limit / 1e9;
    state.counters["share"] = moved / t.best / limit;
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    for (int const n : {2, 8}) {
        auto const add = [&](std::string const& name, auto body) {
            benchmark::RegisterBenchmark((name + "/ranks:" + std::to_string(n)).c_str(), body)
                ->Iterations(1)
                ->UseManualTime()
                ->Unit(benchmark::kMicrosecond);
        };
        add("barrier", [n](benchmark::State& state) {
            timing const t = time_of(n, 1, [](auto const& group, float*, float*) { group.barrier(); });
            for (auto _ : state) state.SetIterationTime(t.best);
            state.counters["best_us"] = t.best * 1e6;
            state.counters["median_us"] = t.median * 1e6;
        });
        for (long const bytes : {1L << 10, 16L << 10, 256L << 10, 4L << 20, 24'000'000L}) {
            std::string const size = bytes < 24'000'000L ? std::to_string(bytes >> 10) + "KiB" : "24MB";
            double const full = static_cast<double>(bytes);
            auto const floats = static_cast<std::size_t>(bytes / 4);
            // `bytes` is the full tensor: n S read and n S written by an all_reduce; the other two move
            // 2 n S (read and written in every target) and n S + S (every source read once, S stored in all).
            add("all_reduce/" + size, [=](benchmark::State& state) {
                report(state, n, bytes, 2 * n * full, floats,
                       [](auto const& group, float* a, float*, long count) { group.all_reduce(a, a, count); });
            });
            add("all_gather/" + size, [=](benchmark::State& state) {
                report(state, n, bytes, 2 * n * full, floats, [](auto const& group, float* a, float* b, long count) {
                    group.all_gather(a, b, 1, count / group.size());
                });
            });
            add("reduce_scatter/" + size, [=](benchmark::State& state) {
                report(state, n, bytes, (n + 1) * full, floats, [](auto const& group, float* a, float* b, long count) {
                    group.reduce_scatter(a, b, 1, count / group.size());
                });
            });
        }
    }
    benchmark::RunSpecifiedBenchmarks();
}
