#include <doctest/doctest.h>
#include <cstring>
#include <shardtype/kernels/cpu/gemm.hpp>
#include <thread>
#include "numeric.hpp"

using shardtype::execution;
using shardtype::cpu::gemm;
using shardtype::cpu::gemm_scratch_bytes;

namespace {

std::vector<double> naive(long m, long n, long k, bool ta, bool tb, std::vector<double> const& a,
                          std::vector<double> const& b, std::vector<double> c) {
    auto const at = [](std::vector<double> const& x, long i) { return x[static_cast<std::size_t>(i)]; };
    for (long i = 0; i < m; ++i) {
        for (long j = 0; j < n; ++j) {
            double s = 0;
            for (long l = 0; l < k; ++l) s += at(a, ta ? l * m + i : i * k + l) * at(b, tb ? j * k + l : l * n + j);
            c[static_cast<std::size_t>(i * n + j)] += s;
        }
    }
    return c;
}

template <class T>
void check_shape(long m, long n, long k, double tolerance) {
    auto const a = numeric::random<T>(m * k, 1);
    auto const b = numeric::random<T>(k * n, 2);
    auto const old = numeric::random<T>(m * n, 3);
    numeric::aligned_bytes const scratch(gemm_scratch_bytes<T>(m, n, k));
    execution const with{scratch.data(), static_cast<std::size_t>(gemm_scratch_bytes<T>(m, n, k))};
    for (bool const ta : {false, true}) {
        for (bool const tb : {false, true}) {
            for (bool const accumulate : {false, true}) {
                CAPTURE(m);
                CAPTURE(n);
                CAPTURE(k);
                CAPTURE(ta);
                CAPTURE(tb);
                CAPTURE(accumulate);
                gemm<T> const multiply(m, n, k, ta, tb, accumulate);
                CHECK(multiply.scratch_bytes() <= gemm_scratch_bytes<T>(m, n, k));
                auto c = old;
                if (!accumulate) std::fill(c.begin(), c.end(), static_cast<T>(NAN));  // must be written, not read
                multiply(with, a.data(), b.data(), c.data());
                auto const start = accumulate ? numeric::as<double>(old) : std::vector<double>(old.size());
                auto const want = naive(m, n, k, ta, tb, numeric::as<double>(a), numeric::as<double>(b), start);
                CHECK(numeric::error(c, want) < tolerance);
                auto again = old;
                multiply(with, a.data(), b.data(), again.data());
                CHECK(std::memcmp(again.data(), c.data(), c.size() * sizeof(T)) == 0);
            }
        }
    }
}

}  // namespace

TEST_CASE("gemm equals the naive product in every orientation") {
    long const shapes[][3] = {{1, 1, 1},      {3, 5, 7},     {17, 33, 65},  {4, 16, 128},
                              {31, 100, 129}, {64, 48, 300}, {256, 32, 256}};
    for (auto const& s : shapes) {
        check_shape<float>(s[0], s[1], s[2], 2e-6);
        check_shape<double>(s[0], s[1], s[2], 1e-14);
    }
}

namespace {

/// bf16 factors: Result is bf16 or float.
template <class Result>
void check_bf16(long m, long n, long k) {
    using shardtype::bf16;
    auto const a = numeric::random<bf16>(m * k, 1);
    auto const b = numeric::random<bf16>(k * n, 2);
    auto const old = numeric::random<Result>(m * n, 3);
    auto const a64 = numeric::as<double>(a), b64 = numeric::as<double>(b);
    auto absolute = a64, absolute_b = b64;
    for (double& x : absolute) x = std::abs(x);
    for (double& x : absolute_b) x = std::abs(x);
    numeric::aligned_bytes const scratch(gemm_scratch_bytes<bf16>(m, n, k));
    execution const with{scratch.data(), static_cast<std::size_t>(gemm_scratch_bytes<bf16>(m, n, k))};
    for (int orientation = 0; orientation < 8; ++orientation) {
        bool const ta = (orientation & 1) != 0, tb = (orientation & 2) != 0, accumulate = (orientation & 4) != 0;
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(orientation);
        gemm<bf16, Result> const multiply(m, n, k, ta, tb, accumulate);
        auto c = old;
        if (!accumulate) std::fill(c.begin(), c.end(), Result(NAN));
        multiply(with, a.data(), b.data(), c.data());
        auto const start = accumulate ? numeric::as<double>(old) : std::vector<double>(old.size());
        auto const want = naive(m, n, k, ta, tb, a64, b64, start);
        auto const size = naive(m, n, k, ta, tb, absolute, absolute_b, start);  // what float's roundings scale with
        double worst = 0;
        for (std::size_t i = 0; i < c.size(); ++i) {
            double const once = sizeof(Result) == 2 ? numeric::bf16_rounding(want[i]) : 0;
            double const bound = once + 1e-6 * size[i];
            worst = std::max(worst, std::abs(static_cast<double>(c[i]) - want[i]) / bound);
        }
        CHECK(worst < 1);
        if (sizeof(Result) == 4) CHECK(numeric::error(c, want) < 1e-5);
    }
}

}  // namespace

TEST_CASE("bf16 products are sums in float, rounded once; into float not at all") {
    long const shapes[][3] = {{1, 1, 1},      {3, 5, 7},     {17, 33, 65},   {4, 16, 128},
                              {31, 100, 129}, {64, 48, 300}, {256, 32, 256}, {24, 40, 3000}};
    for (auto const& s : shapes) {
        check_bf16<shardtype::bf16>(s[0], s[1], s[2]);
        check_bf16<float>(s[0], s[1], s[2]);
    }
}

TEST_CASE("the scratch bound holds for shapes that it was not fitted to") {
    // The constructor throws where it does not.
    long const sizes[] = {5, 24, 60, 80, 129, 257, 260, 300, 511, 513, 700, 1030, 1536, 3000};
    for (long const m : sizes) {
        for (long const n : sizes) {
            for (long const k : sizes) {
                bool const ta = (m + n + k) % 3 != 0, tb = (n + k) % 2 != 0;
                CHECK_NOTHROW(gemm<float>(m, n, k, ta, tb, true));
                CHECK_NOTHROW(gemm<shardtype::bf16>(m, n, k, ta, tb, false));
                CHECK_NOTHROW(gemm<shardtype::bf16, float>(m, n, k, ta, tb, true));
            }
        }
    }
}

TEST_CASE("a moved gemm works, on another thread than it was made on") {
    gemm<float> made(2, 3, 4, false, true, false);
    gemm<float> const multiply = std::move(made);
    auto const a = numeric::random<float>(8, 1), b = numeric::random<float>(12, 2);
    std::vector<float> c(6);
    numeric::aligned_bytes const scratch(multiply.scratch_bytes());
    std::thread([&] {
        shardtype::cpu::use_threads(1);
        multiply({scratch.data(), static_cast<std::size_t>(multiply.scratch_bytes())}, a.data(), b.data(), c.data());
    }).join();
    auto const want =
        naive(2, 3, 4, false, true, numeric::as<double>(a), numeric::as<double>(b), std::vector<double>(6));
    CHECK(numeric::error(c, want) < 1e-6);
}

TEST_CASE("bad sizes and missing scratch are told in one line with the shape") {
    CHECK_THROWS_WITH((gemm<float>(0, 3, 4, false, true, false)),
                      "gemm: sizes must be positive in C[0,3] = A[0,4] B[3,4]^T");
    gemm<float> const multiply(64, 64, 512, true, false, true);
    REQUIRE(multiply.scratch_bytes() > 1);
    float x = 0;
    auto const message = "gemm: C[64,64] += A[512,64]^T B[512,64] needs " + std::to_string(multiply.scratch_bytes()) +
                         " bytes of scratch, got 1";
    CHECK_THROWS_WITH(multiply({&x, 1}, &x, &x, &x), message.c_str());
}
