// Tuned products on a device: the fastest of cuBLASLt's algorithms computes the same product.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <shardtype/kernels/cuda/gemm.hpp>
#include "kernels_device.hpp"

namespace {

using shardtype::bf16;
using shardtype::execution;
using shardtype::cuda::check;
using shardtype::cuda::gemm;
using shardtype::cuda::gemm_scratch_bytes;

template <class T>
std::vector<T> noise(long n, unsigned seed) {
    std::vector<T> x(static_cast<std::size_t>(n));
    for (auto& one : x) {
        seed = seed * 1664525U + 1013904223U;
        one = static_cast<T>(static_cast<double>(seed >> 8U) / (1 << 23) - 1);
    }
    return x;
}

/// Milliseconds of ten calls.
template <class Product, class T, class Result>
float ten_calls(Product const& product, execution const& with, T const* a, T const* b, Result* c) {
    cudaEvent_t begin = nullptr, end = nullptr;
    check(cudaEventCreateWithFlags(&begin, cudaEventDefault), "event");
    check(cudaEventCreateWithFlags(&end, cudaEventDefault), "event");
    product(with, a, b, c);
    auto const stream = static_cast<cudaStream_t>(with.stream);
    check(cudaEventRecord(begin, stream), "event");
    for (int i = 0; i < 10; ++i) product(with, a, b, c);
    check(cudaEventRecord(end, stream), "event");
    check(cudaEventSynchronize(end), "event");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin, end), "event");
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    return milliseconds;
}

template <class T, class Result>
void compare(long m, long n, long k, bool transpose_a, bool transpose_b) {
    device::array<T> const a(noise<T>(m * k, 1)), b(noise<T>(k * n, 2));
    device::array<Result> const c(std::vector<Result>(static_cast<std::size_t>(m * n)));
    long const bytes = gemm_scratch_bytes<T, Result>(m, n, k);
    device::array<char> const scratch(std::vector<char>(static_cast<std::size_t>(bytes) + 1));
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
    execution with;
    with.scratch = scratch.data();
    with.scratch_bytes = static_cast<std::size_t>(bytes);
    with.stream = stream;
    gemm<T, Result> product(m, n, k, transpose_a, transpose_b, false, {shardtype::cuda::products::exact, true});
    float const before = ten_calls(product, with, a.data(), b.data(), c.data());
    check(cudaStreamSynchronize(stream), "synchronise");
    auto const first = c.host();
    CHECK(product.wants_tuning());
    product.tune(with, a.data(), b.data(), c.data());
    CHECK(!product.wants_tuning());
    float const after = ten_calls(product, with, a.data(), b.data(), c.data());
    check(cudaStreamSynchronize(stream), "synchronise");
    auto const tuned = c.host();
    product(with, a.data(), b.data(), c.data());
    check(cudaStreamSynchronize(stream), "synchronise");
    auto const again = c.host();
    cudaStreamDestroy(stream);
    std::printf("%ld x %ld x %ld: heuristic's %.3f ms, tuned %.3f ms\n", m, n, k, static_cast<double>(before) / 10,
                static_cast<double>(after) / 10);
    REQUIRE(tuned.size() == first.size());
    CHECK(std::memcmp(tuned.data(), again.data(), tuned.size() * sizeof(Result)) == 0);
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < tuned.size(); ++i) {
        double const d = static_cast<double>(tuned[i]) - static_cast<double>(first[i]);
        difference += d * d;
        norm += static_cast<double>(first[i]) * static_cast<double>(first[i]);
    }
    CHECK(std::sqrt(difference / norm) < (sizeof(Result) == 2 ? 3e-3 : 1e-5));
}

#ifdef SHARDTYPE_TEST_ON_DEVICE
constexpr long size = 2048;
#else
constexpr long size = 64;  // the fake multiplies on the host
#endif

}  // namespace

TEST_CASE("tuned products are right and repeat") {
    compare<bf16, bf16>(size, size, size, false, true);
    compare<bf16, float>(size, size / 2, 2 * size, true, false);
    compare<float, float>(size / 2, size / 2, size / 2, false, false);
}
