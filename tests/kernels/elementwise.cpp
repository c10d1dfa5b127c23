#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("add, copy and fill write exactly n elements, also in place", T, float, double) {
    for (long const n : {0L, 1L, 7L, 16L, 33L, 4096L, 4101L, 12345L}) {
        auto const size = static_cast<std::size_t>(n);
        auto const a = numeric::random<T>(n, 1), b = numeric::random<T>(n, 2);
        std::vector<T> want, out(size + 1, T(9));
        for (std::size_t i = 0; i < size; ++i) want.push_back(a[i] + b[i]);
        want.push_back(T(9));
        cpu::add<T>({}, a.data(), b.data(), out.data(), n);
        CHECK(out == want);
        auto x = a, y = b;
        x.push_back(T(9));
        y.push_back(T(9));
        cpu::add<T>({}, x.data(), b.data(), x.data(), n);
        CHECK(x == want);
        cpu::add<T>({}, a.data(), y.data(), y.data(), n);
        CHECK(y == want);
        cpu::copy<T>({}, a.data(), out.data(), n);
        CHECK(std::vector<T>(out.begin(), out.end() - 1) == a);
        CHECK(out.back() == T(9));
        cpu::fill<T>({}, T(3), out.data(), n);
        CHECK(std::count(out.begin(), out.end(), T(3)) == n);
        CHECK(out.back() == T(9));
    }
}

TEST_CASE_TEMPLATE("slices are the parts of a dimension; zero_pad puts one back among zeros", T, float, double) {
    long const outer = 3, n = 4, block = 5;
    auto const x = numeric::random<T>(outer * n * block, 1);
    std::vector<T> together(x.size());
    for (long index = 0; index < n; ++index) {
        std::vector<T> part(static_cast<std::size_t>(outer * block)), padded(x.size(), T(NAN));
        cpu::slice<T>({}, x.data(), part.data(), outer, n, block, index);
        for (long o = 0; o < outer; ++o) {
            for (long i = 0; i < block; ++i) {
                CHECK(part[static_cast<std::size_t>(o * block + i)] ==
                      x[static_cast<std::size_t>((o * n + index) * block + i)]);
            }
        }
        cpu::zero_pad<T>({}, part.data(), padded.data(), outer, n, block, index);
        CHECK(std::count(padded.begin(), padded.end(), T(0)) == outer * (n - 1) * block);
        for (std::size_t i = 0; i < x.size(); ++i) together[i] += padded[i];
    }
    CHECK(together == x);
}

TEST_CASE_TEMPLATE("square_sum is a sum in double, in a fixed order", T, float, double) {
    for (long const n : {0L, 1L, 9L, 4096L, 100003L}) {
        auto const x = numeric::random<T>(n, 1);
        long double want = 0;
        for (T const v : x) want += static_cast<long double>(v) * static_cast<long double>(v);
        double got = NAN, more = 2;
        cpu::square_sum<T>({}, x.data(), n, &got, false);
        CHECK(std::abs(got - static_cast<double>(want)) <= 1e-14 * static_cast<double>(want));
        cpu::square_sum<T>({}, x.data(), n, &more, true);
        CHECK(more == doctest::Approx(2 + static_cast<double>(want)).epsilon(1e-13));
    }
}

TEST_CASE("clip_scale only shrinks") {
    CHECK(cpu::clip_scale(16, 1) == doctest::Approx(1 / (4 + 1e-6)).epsilon(1e-15));
    CHECK(cpu::clip_scale(0.25, 1) == 1);
    CHECK(cpu::clip_scale(0, 1) == 1);
}
