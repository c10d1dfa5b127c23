#include <benchmark/benchmark.h>
#include <shardtype/kernels/cpu/adamw.hpp>
#include <string>
#include "machine.hpp"

// AdamW on one thread beside an in-place read-modify-write stream over as many bytes, in bytes per second.
namespace {

void step(benchmark::State& state) {
    long const n = state.range(0);
    std::vector<float> w(static_cast<std::size_t>(n), 0.5f), g(w.size(), 0.01f), m(w.size(), 0.001f),
        v(w.size(), 1e-4f);
    double const stream = machine::in_place_stream(16 * n);
    shardtype::cpu::adamw_parameters const p{1e-3, 0.9, 0.95, 1e-8, 0.1, 5};
    for (auto _ : state) {
        shardtype::cpu::adamw<float>({}, w.data(), g.data(), m.data(), v.data(), n, p, 0.9f);
        benchmark::ClobberMemory();
    }
    double const bytes = 28.0 * static_cast<double>(n) * static_cast<double>(state.iterations());
    state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsRate);
    state.counters["stream_GB/s"] = stream * 1e-9;
    state.counters["of_stream"] = benchmark::Counter(bytes / stream, benchmark::Counter::kIsRate);
}

BENCHMARK(step)->Arg(100'000)->Arg(750'000)->Arg(6'000'000);

}  // namespace

BENCHMARK_MAIN();
