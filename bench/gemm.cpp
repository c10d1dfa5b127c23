#include <benchmark/benchmark.h>
#include <cstdlib>
#include <shardtype/kernels/cpu/gemm.hpp>
#include <string>
#include "machine.hpp"

// The matrix products of a linear layer y[M,N] = x[M,K] w[N,K]^T of the debug Llama, whole and sharded 8 ways, on one
// thread, with their share of the FMA peak of this run.
namespace {

double const peak = machine::fma_peak();

void product(benchmark::State& state, long m, long n, long k, bool ta, bool tb, bool accumulate) {
    shardtype::cpu::use_threads(1);
    shardtype::cpu::gemm<float> const multiply(m, n, k, ta, tb, accumulate);
    std::vector<float> a(static_cast<std::size_t>(m * k), 0.5f), b(static_cast<std::size_t>(n * k), 0.25f);
    std::vector<float> c(static_cast<std::size_t>(m * n));
    long const bytes = multiply.scratch_bytes() / 64 * 64 + 64;
    void* const scratch = std::aligned_alloc(64, static_cast<std::size_t>(bytes));
    for (auto _ : state) multiply({scratch, static_cast<std::size_t>(bytes)}, a.data(), b.data(), c.data());
    std::free(scratch);
    double const flops = 2.0 * static_cast<double>(m * n * k) * static_cast<double>(state.iterations());
    state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(flops / peak, benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    benchmark::AddCustomContext("FMA peak of one thread, GFLOP/s", std::to_string(peak * 1e-9));
    long const layers[][2] = {{256, 256}, {768, 256}, {256, 768}, {2000, 256}, {500, 256}, {250, 256}, {192, 256},
                              {256, 192}, {96, 256},  {256, 96},  {64, 256},   {256, 64},  {32, 256},  {256, 32}};
    for (auto const& layer : layers) {
        for (long const rows : {256L, 1024L, 2048L}) {
            long const n = layer[0], k = layer[1];
            auto const name = [&](char const* what) {
                return std::string(what) + "/M" + std::to_string(rows) + "/N" + std::to_string(n) + "/K" +
                       std::to_string(k);
            };
            benchmark::RegisterBenchmark(name("forward").c_str(), product, rows, n, k, false, true, false);
            benchmark::RegisterBenchmark(name("dx").c_str(), product, rows, k, n, false, false, false);
            benchmark::RegisterBenchmark(name("dw").c_str(), product, n, k, rows, true, false, false);
            benchmark::RegisterBenchmark(name("dw_accumulate").c_str(), product, n, k, rows, true, false, true);
        }
    }
    benchmark::RunSpecifiedBenchmarks();
}
