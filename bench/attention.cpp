#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <shardtype/kernels/cpu/attention.hpp>
#include <vector>

// Attention on one thread beside what the core can do at all: independent multiply-adds in registers, measured before
// and after each benchmark so that a shared machine's mood hits both. Flops are the causal half: forward 2 s^2 d per
// head, backward 5 s^2 d (with the recomputed scores).

namespace {

namespace simd = shardtype::simd;

/// CPU seconds of this thread: other programs on the machine do not count.
double thread_seconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double peak_gflops() {
    using pack = simd::pack<float>;
    constexpr int chains = 12;
    double best = 0;
    for (int repeat = 0; repeat < 5; ++repeat) {
        constexpr long rounds = 200000;
        pack sum[chains];
        simd::unroll<chains>([&](auto i) __attribute__((always_inline)) { sum[i] = pack(static_cast<float>(i)); });
        float constants[2] = {0.999f, 0.001f};
        benchmark::DoNotOptimize(constants);  // else clang folds a chain that starts at its fixed point
        pack const factor(constants[0]), term(constants[1]);
        double const start = thread_seconds();
        for (long round = 0; round < rounds; ++round)
            simd::unroll<chains>([&](auto i)
                                     __attribute__((always_inline)) { sum[i] = simd::fma(sum[i], factor, term); });
        simd::unroll<chains - 1>([&](auto i) __attribute__((always_inline)) { sum[0] += sum[i + 1]; });
        alignas(64) float result[simd::lanes<float>];
        sum[0].store_aligned(result);
        benchmark::DoNotOptimize(result[0]);
        double const seconds = thread_seconds() - start;
        best = std::max(best, 2.0 * chains * simd::lanes<float> * rounds / seconds * 1e-9);
    }
    return best;
}

struct problem {
    shardtype::cpu::attention_shape s;
    std::vector<float> q, k, v, out, lse, dout, dq, dk, dv;
    struct free_memory {
        void operator()(void* p) const { std::free(p); }
    };
    std::unique_ptr<void, free_memory> scratch;
    shardtype::execution e;

    explicit problem(benchmark::State const& state)
        : s{state.range(0), state.range(1), state.range(2), state.range(3), state.range(4)} {
        auto const n = static_cast<std::size_t>(s.batch * s.seq * s.heads * s.head_dim);
        auto const kv = static_cast<std::size_t>(s.batch * s.seq * s.kv_heads * s.head_dim);
        std::mt19937 generator(1);
        std::normal_distribution<float> normal;
        for (auto* x : {&q, &dout, &out, &dq}) x->resize(n);
        for (auto* x : {&k, &v, &dk, &dv}) x->resize(kv);
        lse.resize(static_cast<std::size_t>(s.batch * s.heads * s.seq));
        for (auto* x : {&q, &k, &v, &dout})
            for (auto& value : *x) value = normal(generator);
        auto const bytes =
            static_cast<std::size_t>(std::max(shardtype::cpu::attention_forward_scratch_bytes<float>(s),
                                              shardtype::cpu::attention_backward_scratch_bytes<float>(s)));
        scratch.reset(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
        e.scratch = scratch.get();
        e.scratch_bytes = bytes;
        forward();
    }
    void forward() {
        shardtype::cpu::attention_forward<float>(e, s, q.data(), k.data(), v.data(), out.data(), lse.data());
    }
    void backward() {
        shardtype::cpu::attention_backward<float>(e, s, q.data(), k.data(), v.data(), out.data(), lse.data(),
                                                  dout.data(), dq.data(), dk.data(), dv.data());
    }
};

template <class F>
void measure(benchmark::State& state, problem& p, double flops_per_score_and_width, F const& run) {
    double peak = peak_gflops();
    double const flops = flops_per_score_and_width * static_cast<double>(p.s.batch * p.s.heads) *
                         static_cast<double>(p.s.seq) * static_cast<double>(p.s.seq) *
                         static_cast<double>(p.s.head_dim);
    double best = 1e9;
    for (auto _ : state) {
        double const start = thread_seconds();
        run();
        best = std::min(best, thread_seconds() - start);
    }
    peak = std::max(peak, peak_gflops());
    double const done = flops * static_cast<double>(state.iterations());
    state.counters["GFLOP/s"] = benchmark::Counter(done * 1e-9, benchmark::Counter::kIsRate);
    state.counters["best"] = flops / best * 1e-9;
    state.counters["peak"] = peak;
    state.counters["best/peak"] = flops / best * 1e-9 / peak;
}

void attention_forward(benchmark::State& state) {
    problem p(state);
    measure(state, p, 2, [&] { p.forward(); });
}

void attention_backward(benchmark::State& state) {
    problem p(state);
    measure(state, p, 5, [&] { p.backward(); });
}

void shapes(benchmark::internal::Benchmark* b) {
    b->ArgNames({"batch", "seq", "heads", "kv", "dim"})->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
    for (auto const& s : std::vector<std::vector<std::int64_t>>{{8, 256, 16, 16, 16},
                                                                {8, 256, 2, 2, 16},
                                                                {1, 2048, 16, 16, 16},
                                                                {1, 2048, 4, 4, 16},
                                                                {1, 2048, 2, 2, 16},
                                                                {1, 2048, 4, 1, 64},
                                                                {1, 2048, 4, 1, 128},
                                                                {1, 1000, 4, 4, 24}})
        b->Args(s);
}

BENCHMARK(attention_forward)->Apply(shapes);
BENCHMARK(attention_backward)->Apply(shapes);

}  // namespace

BENCHMARK_MAIN();
