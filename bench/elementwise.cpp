#include <benchmark/benchmark.h>
#include <shardtype/kernels/cpu/cross_entropy.hpp>
#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/kernels/cpu/rms_norm.hpp>
#include <shardtype/kernels/cpu/rotary.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include <shardtype/kernels/cpu/swiglu.hpp>
#include "machine.hpp"

// The kernels that memory limits, at the debug Llama's sizes for `rows` tokens, on one thread, beside an in-place
// read-modify-write stream over as many bytes. Bytes are those that a kernel must read and write at least.
namespace {

using floats = std::vector<float>;
namespace cpu = shardtype::cpu;

floats numbers(long n, float low = -1.f) {
    floats x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = low + static_cast<float>(i * 7919 % 1000) * 1e-3f;
    return x;
}

template <class F>
void run(benchmark::State& state, long values_per_call, F const& kernel) {
    double const bytes = 4.0 * static_cast<double>(values_per_call);
    double const stream = machine::in_place_stream(static_cast<long>(bytes / 2));
    for (auto _ : state) {
        kernel();
        benchmark::ClobberMemory();
    }
    double const all = bytes * static_cast<double>(state.iterations());
    state.counters["GB/s"] = benchmark::Counter(all * 1e-9, benchmark::Counter::kIsRate);
    state.counters["stream_GB/s"] = stream * 1e-9;
    state.counters["of_stream"] = benchmark::Counter(all / stream, benchmark::Counter::kIsRate);
}

void add(benchmark::State& state) {
    long const n = state.range(0) * 256;
    floats a = numbers(n), b = a;
    run(state, 3 * n, [&] { cpu::add<float>({}, a.data(), b.data(), a.data(), n); });
}

void swiglu_forward(benchmark::State& state) {
    long const n = state.range(0) * 768;
    floats a = numbers(n), b = a, y = a;
    run(state, 3 * n, [&] { cpu::swiglu_forward<float>({}, a.data(), b.data(), y.data(), n); });
}

void swiglu_backward(benchmark::State& state) {
    long const n = state.range(0) * 768;
    floats dy = numbers(n), a = dy, b = dy, x = dy, y = dy;
    run(state, 5 * n, [&] { cpu::swiglu_backward<float>({}, dy.data(), a.data(), b.data(), x.data(), y.data(), n); });
}

void rms_norm_forward(benchmark::State& state) {
    long const rows = state.range(0), cols = 256;
    floats x = numbers(rows * cols), w = numbers(cols, 0.5f), y = x, rstd(static_cast<std::size_t>(rows));
    run(state, 2 * rows * cols,
        [&] { cpu::rms_norm_forward<float>({}, x.data(), w.data(), y.data(), rstd.data(), rows, cols, 1e-5f); });
}

void rms_norm_backward(benchmark::State& state) {
    long const rows = state.range(0), cols = 256;
    floats x = numbers(rows * cols), w = numbers(cols, 0.5f), dy = x, dx = x, dw = w;
    floats const rstd(static_cast<std::size_t>(rows), 1.5f);
    run(state, 4 * rows * cols, [&] {
        cpu::rms_norm_backward<float>({}, dy.data(), x.data(), w.data(), rstd.data(), dx.data(), true, dw.data(), false,
                                      rows, cols);
    });
}

void rotary(benchmark::State& state) {
    long const seq = state.range(0), heads = 16, head_dim = 16;
    floats x = numbers(seq * heads * head_dim), cos(static_cast<std::size_t>(seq * head_dim / 2)), sin = cos;
    cpu::rotary_table(cos.data(), sin.data(), seq, head_dim, 500000.0);
    run(state, 2 * seq * heads * head_dim,
        [&] { cpu::rotary<float>({}, x.data(), cos.data(), sin.data(), x.data(), 1, seq, heads, head_dim, false); });
}

void cross_entropy(benchmark::State& state) {
    long const rows = state.range(0), cols = 2000;
    floats const logits = numbers(rows * cols);
    floats max(static_cast<std::size_t>(rows)), stats(2 * max.size()), d(logits.size());
    std::vector<int> const targets(max.size(), 7);
    float loss = 0;
    run(state, 4 * rows * cols, [&] {
        cpu::cross_entropy_row_max<float>({}, logits.data(), max.data(), rows, cols);
        cpu::cross_entropy_sum_and_pick<float>({}, logits.data(), targets.data(), max.data(), stats.data(), rows, cols,
                                               0);
        cpu::cross_entropy_loss<float>({}, max.data(), stats.data(), &loss, rows, 1.f, false);
        cpu::cross_entropy_backward<float>({}, logits.data(), targets.data(), max.data(), stats.data(), d.data(), rows,
                                           cols, 0, 1.f);
    });
}

void square_sum(benchmark::State& state) {
    floats const x = numbers(state.range(0) * 256);
    double sum = 0;
    run(state, static_cast<long>(x.size()),
        [&] { cpu::square_sum<float>({}, x.data(), static_cast<long>(x.size()), &sum, false); });
}

BENCHMARK(add)->Arg(256)->Arg(2048);
BENCHMARK(swiglu_forward)->Arg(256)->Arg(2048);
BENCHMARK(swiglu_backward)->Arg(256)->Arg(2048);
BENCHMARK(rms_norm_forward)->Arg(256)->Arg(2048);
BENCHMARK(rms_norm_backward)->Arg(256)->Arg(2048);
BENCHMARK(rotary)->Arg(256)->Arg(2048);
BENCHMARK(cross_entropy)->Arg(256)->Arg(2048);
BENCHMARK(square_sum)->Arg(256)->Arg(2048)->Arg(24'000);

}  // namespace

BENCHMARK_MAIN();
