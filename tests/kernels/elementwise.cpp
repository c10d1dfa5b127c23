#include <doctest/doctest.h>
#include <bit>
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

namespace {
/// The neighbours of x in bf16 and which of them is nearer, by exact arithmetic in double.
shardtype::bf16 nearest(float x) {
    using shardtype::bf16;
    bf16 below, above;
    below.bits = static_cast<unsigned short>(std::bit_cast<std::uint32_t>(x) >> 16);
    above.bits = static_cast<unsigned short>(below.bits + 1);
    auto const value = [](bf16 b) {  // the one after the largest counts as 2^128
        return (b.bits & 0x7fffU) == 0x7f80U ? std::copysign(0x1p128, static_cast<double>(b)) : static_cast<double>(b);
    };
    double const low = std::abs(static_cast<double>(x) - value(below));
    double const high = std::abs(static_cast<double>(x) - value(above));
    return low < high || (low == high && below.bits % 2 == 0) ? below : above;
}
}  // namespace

TEST_CASE("floats become the nearest bf16, ties even, by lane as by constructor; NaN and infinities stay") {
    using shardtype::bf16;
    std::vector<float> x{0.0F,        -0.0F,    1.00390625F, 1.01171875F, 3.4e38F,       -3.4e38F,  1e-40F, 0x1p-133F,
                         0x1.8p-133F, INFINITY, -INFINITY,   0x1.ffp0F,   0x1.fefffep0F, 0x1.fdp0F, 1e-45F, -1e-39F};
    for (std::uint32_t i = 0; i < 60000; ++i) x.push_back(std::bit_cast<float>((i * 71573U) & 0xff7fffffU));
    for (std::uint32_t i = 0; i < 300; ++i) x.push_back(std::bit_cast<float>(0x3f800000U + (i << 15U)));  // ties
    std::vector<bf16> got(x.size()), one;
    cpu::cast_to_bf16({}, x.data(), got.data(), static_cast<long>(x.size()));
    long wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        bf16 const want = std::isinf(x[i]) ? bf16(x[i]) : nearest(x[i]);
        if (got[i].bits != want.bits || bf16(x[i]).bits != want.bits) ++wrong;
    }
    CHECK(wrong == 0);
    CHECK(std::isinf(static_cast<float>(bf16(INFINITY))));
    static_assert(bf16(1.00390625F) == 1.0F && bf16(1.01171875F) == 1.015625F && bf16(3.4e38F) > 3.4e38F);

    std::vector<float> const nans(21, std::bit_cast<float>(0x7f800001U));  // its upper half alone is an infinity
    got.assign(21, bf16());
    cpu::cast_to_bf16({}, nans.data(), got.data(), 21);
    for (bf16 const b : got) CHECK(std::isnan(static_cast<float>(b)));
    CHECK(std::isnan(static_cast<float>(bf16(nans[0]))));

    for (long const n : {0L, 1L, 15L, 16L, 4101L}) {
        auto const narrow = numeric::random<bf16>(n, 1);
        std::vector<float> wide(narrow.size() + 1, 9.0F);
        cpu::cast_to_f32({}, narrow.data(), wide.data(), n, false);
        CHECK(wide.back() == 9.0F);
        CHECK(std::equal(narrow.begin(), narrow.end(), wide.begin()));
        cpu::cast_to_f32({}, narrow.data(), wide.data(), n, true);
        for (std::size_t i = 0; i < narrow.size(); ++i) CHECK(wide[i] == 2 * static_cast<float>(narrow[i]));
    }
}

TEST_CASE("bf16 is added in float and rounded once; slice, zero_pad, resize and fill move it") {
    using shardtype::bf16;
    for (long const n : {1L, 33L, 4101L}) {
        auto const a = numeric::random<bf16>(n, 1), b = numeric::random<bf16>(n, 2);
        std::vector<bf16> out(a.size() + 1, bf16(9)), want;
        for (std::size_t i = 0; i < a.size(); ++i) want.push_back(nearest(static_cast<float>(a[i]) + b[i]));
        want.push_back(bf16(9));
        cpu::add<bf16>({}, a.data(), b.data(), out.data(), n);
        CHECK(out == want);
        cpu::fill<bf16>({}, bf16(0.5F), out.data(), n);
        CHECK(std::count(out.begin(), out.end(), bf16(0.5F)) == n);
        CHECK(out.back() == 9);
    }
    auto const x = numeric::random<bf16>(24, 1);
    std::vector<bf16> part(6), whole(24, bf16(NAN)), wider(28, bf16(NAN));
    cpu::slice<bf16>({}, x.data(), part.data(), 2, 4, 3, 2);
    CHECK((part[0] == x[6] && part[5] == x[20]));
    cpu::zero_pad<bf16>({}, part.data(), whole.data(), 2, 4, 3, 2);
    CHECK((whole[6] == x[6] && whole[20] == x[20] && std::count(whole.begin(), whole.end(), bf16()) == 18));
    cpu::resize<bf16>({}, x.data(), wider.data(), 4, 6, 7);
    CHECK((wider[7] == x[6] && wider[6] == 0 && wider[27] == 0));
}
