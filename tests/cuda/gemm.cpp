#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <shardtype/kernels/cuda/gemm.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <string>
#include <vector>

namespace {

using shardtype::bf16;
using shardtype::execution;
using shardtype::wide_t;
using shardtype::cuda::check;
using shardtype::cuda::gemm;
using shardtype::cuda::gemm_options;
using shardtype::cuda::gemm_scratch_bytes;
using shardtype::cuda::products;

static_assert(gemm_scratch_bytes<float>(2048, 2048, 2048) == shardtype::cuda::gemm_workspace_limit + 256);
static_assert(gemm_scratch_bytes<float>(64, 64, 4096) == 64 * 64 * 4 * 8 + 256);
static_assert(gemm_scratch_bytes<bf16>(64, 64, 64) == 0);

template <class T>
struct device_values {
    std::size_t size;
    T* at = nullptr;
    explicit device_values(std::vector<T> const& from) : size(from.size()) {
        check(cudaMalloc(reinterpret_cast<void**>(&at), size * sizeof(T)), "cudaMalloc");
        check(cudaMemcpy(at, from.data(), size * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    explicit device_values(long bytes) : device_values(std::vector<T>(static_cast<std::size_t>(bytes) + 1)) {}
    device_values(device_values const&) = delete;
    device_values& operator=(device_values const&) = delete;
    ~device_values() { cudaFree(at); }
    std::vector<T> values() const {
        std::vector<T> to(size);
        check(cudaMemcpy(to.data(), at, size * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return to;
    }
};

template <class T>
std::vector<T> random_values(long n, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal(0, 1);
    std::vector<T> values(static_cast<std::size_t>(n));
    for (auto& x : values) x = static_cast<T>(normal(generator));
    return values;
}

struct problem {
    long m, n, k;
    bool transpose_a, transpose_b, accumulate;
};

std::vector<problem> problems() {
    std::vector<problem> all;
    for (auto [m, n, k] : {std::array<long, 3>{1, 1, 1}, {3, 5, 7}, {8, 16, 32}, {33, 17, 70}, {2, 64, 1000}})
        for (int bits = 0; bits < 8; ++bits)
            all.push_back({m, n, k, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0});
    return all;
}

template <class T, class Result>
std::vector<Result> run(gemm<T, Result> const& product, problem const& p, std::vector<T> const& a,
                        std::vector<T> const& b, std::vector<Result> const& c) {
    device_values<T> const left(a), right(b);
    device_values<Result> const result(c);
    device_values<char> const scratch(gemm_scratch_bytes<T, Result>(p.m, p.n, p.k));
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
    execution with;
    with.stream = stream;
    with.scratch = scratch.at;
    with.scratch_bytes = static_cast<std::size_t>(gemm_scratch_bytes<T, Result>(p.m, p.n, p.k));
    product(with, left.at, right.at, result.at);
    check(cudaStreamSynchronize(stream), "synchronise");
    cudaStreamDestroy(stream);
    return result.values();
}

template <class T, class Result>
void compare(double tolerance) {
    for (problem const& p : problems()) {
        auto const a = random_values<T>(p.m * p.k, 1), b = random_values<T>(p.k * p.n, 2);
        auto const c = random_values<Result>(p.m * p.n, 3);
        gemm<T, Result> const product(p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.accumulate);
        CHECK(product.scratch_bytes() <= gemm_scratch_bytes<T, Result>(p.m, p.n, p.k));
        auto const got = run(product, p, a, b, c);
        bool right = true;
        for (long i = 0; i < p.m; ++i)
            for (long j = 0; j < p.n; ++j) {
                auto const cell = static_cast<std::size_t>(i * p.n + j);
                double sum = p.accumulate ? static_cast<double>(c[cell]) : 0, size = std::abs(sum);
                for (long l = 0; l < p.k; ++l) {
                    auto const at_a = static_cast<std::size_t>(p.transpose_a ? l * p.m + i : i * p.k + l);
                    auto const at_b = static_cast<std::size_t>(p.transpose_b ? j * p.k + l : l * p.n + j);
                    double const term = static_cast<double>(a[at_a]) * static_cast<double>(b[at_b]);
                    sum += term;
                    size += std::abs(term);
                }
                double const rounding = sizeof(Result) == 2 ? std::abs(sum) / 256 : 0;  // half a unit of 8 bits
                right = right && std::abs(static_cast<double>(got[cell]) - sum) <= tolerance * size + rounding;
            }
        CAPTURE(p.m);
        CAPTURE(p.n);
        CAPTURE(p.k);
        CAPTURE(p.transpose_a);
        CAPTURE(p.transpose_b);
        CAPTURE(p.accumulate);
        CHECK(right);
    }
}

}  // namespace

TEST_CASE("products agree with float64, for all transpositions, replacing and adding") {
    compare<float, float>(1e-6);
    compare<double, double>(1e-15);
    compare<bf16, bf16>(1e-6);
    compare<bf16, float>(1e-6);
}

TEST_CASE("two runs give the same bits") {
    problem const p{33, 17, 70, false, true, true};
    auto const a = random_values<float>(33 * 70, 1), b = random_values<float>(70 * 17, 2),
               c = random_values<float>(33 * 17, 3);
    gemm<float> const one(33, 17, 70, false, true, true), two(33, 17, 70, false, true, true);
    auto const first = run(one, p, a, b, c), second = run(one, p, a, b, c), third = run(two, p, a, b, c);
    CHECK(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)) == 0);
    CHECK(std::memcmp(first.data(), third.data(), first.size() * sizeof(float)) == 0);
}

TEST_CASE("tuning is asked for once per product and process, and keeps the results right") {
    problem const p{8, 24, 40, false, true, false};
    gemm_options options;
    options.tune = true;
    gemm<float> one(p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.accumulate, options);
    gemm<float> two(p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.accumulate, options);
    gemm<float> const untuned(p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.accumulate, {products::exact, false});
    gemm<float> const other(p.m, p.n, p.k, p.transpose_a, p.transpose_b, true, options);
    CHECK(one.wants_tuning());
    CHECK(!untuned.wants_tuning());
    auto const a = random_values<float>(8 * 40, 1), b = random_values<float>(40 * 24, 2),
               c = random_values<float>(8 * 24, 3);
    auto const before = run(one, p, a, b, c);
    device_values<float> const left(a), right(b), result(c);
    one.tune({}, left.at, right.at, result.at);
    CHECK(!one.wants_tuning());
    CHECK(two.wants_tuning());  // made before: it has the heuristic's choice
    CHECK(other.wants_tuning());
    two.tune({}, left.at, right.at, result.at);  // takes what the first one found
    CHECK(!two.wants_tuning());
    gemm<float> const three(p.m, p.n, p.k, p.transpose_a, p.transpose_b, p.accumulate, options);
    CHECK(!three.wants_tuning());
    auto const after = run(one, p, a, b, c), same = run(two, p, a, b, c);
    CHECK(std::memcmp(after.data(), same.data(), after.size() * sizeof(float)) == 0);
    for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i] == doctest::Approx(before[i]).epsilon(1e-5));
}

TEST_CASE("wrong calls are refused in one line that names the product") {
    CHECK_THROWS_WITH_AS(gemm<float>(0, 4, 2, false, true, false),
                         "gemm: sizes must be positive in C[0,4] = A[0,2] B[4,2]^T, float to float",
                         std::invalid_argument);
    gemm<bf16, float> const product(8, 4, 2, true, false, true);
    bf16 const* const a = nullptr;
    CHECK_THROWS_WITH_AS(product({}, reinterpret_cast<bf16 const*>(std::uintptr_t{8}), a, nullptr),
                         "gemm: operands must be aligned to 16 bytes in C[8,4] += A[2,8]^T B[2,4], bf16 to float",
                         std::runtime_error);
}

#ifndef SHARDTYPE_TEST_ON_DEVICE
TEST_CASE("what the library refuses is one line that names the product") {
    fake::fail_call("cublasLtMatmulAlgoGetHeuristic", 1, CUBLAS_STATUS_NOT_SUPPORTED);
    CHECK_THROWS_WITH_AS(
        gemm<double>(6, 4, 2, false, false, false),
        "gemm: CUBLAS_STATUS_NOT_SUPPORTED in choosing an algorithm for C[6,4] = A[6,2] B[2,4], double to double",
        std::runtime_error);
    gemm<double> const product(6, 4, 2, false, false, false);
    fake::fail_call("cublasLtMatmul", 1, CUBLAS_STATUS_EXECUTION_FAILED);
    double* const none = nullptr;
    CHECK_THROWS_WITH_AS(product({}, none, none, none), doctest::Contains(" in running C[6,4] = "), std::runtime_error);
}
#endif
