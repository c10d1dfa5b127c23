#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include <shardtype/bench/gpu/device.hpp>

namespace shardtype::bench::gpu {

/// Two events of a stream.
class stopwatch {
  public:
    explicit stopwatch(cudaStream_t stream) : stream_(stream) {
        for (cudaEvent_t& event : events_)
            cuda::check(cudaEventCreateWithFlags(&event, cudaEventDefault), "cudaEventCreateWithFlags");
    }
    stopwatch(stopwatch const&) = delete;
    ~stopwatch() {
        for (cudaEvent_t const event : events_) cudaEventDestroy(event);
    }
    /// Seconds of `calls` calls by the device's clock.
    template <class Call>
    double seconds(Call& call, long calls) {
        cuda::check(cudaEventRecord(events_[0], stream_), "cudaEventRecord");
        for (long i = 0; i < calls; ++i) call();
        cuda::check(cudaEventRecord(events_[1], stream_), "cudaEventRecord");
        cuda::check(cudaEventSynchronize(events_[1]), "a benchmark");
        float milliseconds = 0;
        cuda::check(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), "cudaEventElapsedTime");
        return 1e-3 * static_cast<double>(milliseconds);
    }

  private:
    cudaStream_t stream_;
    cudaEvent_t events_[2] = {};
};

/// How long warm blocks of calls take, a call.
struct times {
    double best = 0, median = 0;
};

/// Warms up for 20 ms, then times blocks of 5 ms or more.
template <class Call>
times time_calls(context const& on, Call&& call, int blocks = 9) {
    stopwatch watch(on.stream());
    double once = watch.seconds(call, 1), spent = once;
    for (int i = 0; i < 1000 && spent < 20e-3; ++i) spent += once = watch.seconds(call, 1);
    long const calls = std::clamp(static_cast<long>(5e-3 / std::max(once, 1e-7)), 1L, 2000L);
    std::vector<double> taken;
    for (int i = 0; i < blocks; ++i) taken.push_back(watch.seconds(call, calls) / static_cast<double>(calls));
    std::sort(taken.begin(), taken.end());
    return {taken.front(), taken[taken.size() / 2]};
}

/// One of the kinds of work: "GB/s" of bytes, "TFLOP/s" of flops, "tokens/s".
struct unit {
    char const* name;
    double scale;
};
inline constexpr unit bytes_per_second{"GB/s", 1e-9}, flops_per_second{"TFLOP/s", 1e-12},
    tokens_per_second{"tokens/s", 1};

/// A row: `call` enqueues `amount` of work on the context's stream; `limit` is what of it the device does in a second.
template <class Call>
void row(benchmark::State& state, context const& on, double amount, unit of, double limit,
         std::string const& limit_name, Call&& call) {
    times const taken = time_calls(on, call);
    for (auto _ : state) state.SetIterationTime(taken.median);
    state.counters["best_us"] = 1e6 * taken.best;
    state.counters["median_us"] = 1e6 * taken.median;
    state.counters[of.name] = amount / taken.best * of.scale;
    state.counters[std::string("limit_") + of.name] = limit * of.scale;
    state.counters["share"] = amount / taken.best / limit;
    state.SetLabel("of " + limit_name);
}

/// A benchmark's body, whose failure is the row's.
template <class Body>
void guarded(benchmark::State& state, Body&& body) try {
    body();
} catch (std::exception const& e) {
    state.SkipWithError(e.what());
}

/// Each benchmark measures by itself: one iteration of Google Benchmark's, timed by hand.
inline void settings(benchmark::internal::Benchmark* b) {
    b->UseManualTime()->Iterations(1)->Unit(benchmark::kMicrosecond);
}

}  // namespace shardtype::bench::gpu
