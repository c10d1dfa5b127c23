#include <doctest/doctest.h>
#include <bit>
#include <shardtype/kernels/cuda/bias.hpp>
#include <shardtype/kernels/cuda/elementwise.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16, shardtype::wide_t;

TEST_CASE_TEMPLATE("add, copy and fill write exactly n elements, at any alignment, also in place", T, float, double,
                   bf16) {
    for (long const n : {0L, 1L, 7L, 33L, 4101L, 50001L})
        for (long const offset : {0L, 1L}) {
            auto const a = numeric::random<T>(n, 1), b = numeric::random<T>(n, 2);
            std::vector<T> want;
            for (std::size_t i = 0; i < a.size(); ++i)
                want.push_back(static_cast<T>(wide_t<T>(a[i]) + wide_t<T>(b[i])));
            array<T> const x(a, offset), y(b, offset), out(b, offset);
            gpu::add<T, T>(lent(), x, y, out, n);
            CHECK(out.host() == want);
            gpu::copy<T>(lent(), x, out, n);
            CHECK(out.host() == a);
            gpu::copy_add<T>(lent(), y, out, n);
            CHECK(out.host() == want);
            gpu::add<T, T>(lent(), x, y, y, n);
            CHECK(y.host() == want);
            gpu::fill<T>(lent(), T(3), out, n);
            CHECK(out.host() == std::vector<T>(a.size(), T(3)));
        }
}

TEST_CASE("whole numbers are copied and filled too") {
    std::vector<int> const a{1, -2, 3, 4, 5, 6, 7};
    array<int> const x(a), out(std::vector<int>(7));
    gpu::copy<int>(lent(), x, out, 7);
    CHECK(out.host() == a);
    gpu::fill<int>(lent(), -9, out, 7);
    CHECK(out.host() == std::vector<int>(7, -9));
}

TEST_CASE_TEMPLATE("slices are the parts of a dimension; zero_pad puts one back among zeros", T, float, double, bf16) {
    for (long const block : {1L, 5L, 8L, 24L, 1000L})
        for (long const outer : {1L, 3L})
            for (long const offset : {0L, 1L}) {
                long const n = 4;
                auto const x = numeric::random<T>(outer * n * block, 1);
                array<T> const whole(x, offset);
                for (long index = 0; index < n; ++index) {
                    std::vector<T> part, padded(x.size(), T(0));
                    for (long o = 0; o < outer; ++o)
                        for (long i = 0; i < block; ++i) {
                            auto const at = static_cast<std::size_t>((o * n + index) * block + i);
                            part.push_back(x[at]);
                            padded[at] = x[at];
                        }
                    array<T> const to(std::vector<T>(part.size(), T(NAN)), offset);
                    array<T> const back(std::vector<T>(x.size(), T(NAN)), offset);
                    gpu::slice<T>(lent(), whole, to, outer, n, block, index);
                    CHECK(to.host() == part);
                    gpu::zero_pad<T>(lent(), to, back, outer, n, block, index);
                    CHECK(back.host() == padded);
                }
            }
}

TEST_CASE_TEMPLATE("resize cuts rows or puts zeros behind them", T, float, double, bf16) {
    long const sizes[][2] = {{6, 7}, {7, 6}, {16, 24}, {24, 16}, {5, 5}, {1, 40}, {0, 3}};
    for (auto const& size : sizes) {
        long const from = size[0], to = size[1];
        auto const x = numeric::random<T>(4 * from, 1);
        std::vector<T> want;
        for (long r = 0; r < 4; ++r)
            for (long c = 0; c < to; ++c) want.push_back(c < from ? x[static_cast<std::size_t>(r * from + c)] : T(0));
        array<T> const in(x), out(std::vector<T>(want.size(), T(NAN)));
        gpu::resize<T>(lent(), in, out, 4, from, to);
        CHECK(out.host() == want);
    }
}

TEST_CASE("floats become the nearest bf16, ties even; NaN and infinities stay; back without loss, or added") {
    std::vector<float> x{0.0F,        -0.0F,    1.00390625F, 1.01171875F, 3.4e38F,       -3.4e38F,  1e-40F, 0x1p-133F,
                         0x1.8p-133F, INFINITY, -INFINITY,   0x1.ffp0F,   0x1.fefffep0F, 0x1.fdp0F, 1e-45F, -1e-39F};
    for (std::uint32_t i = 0; i < 6000; ++i) x.push_back(std::bit_cast<float>((i * 715730U) & 0xff7fffffU));
    for (std::uint32_t i = 0; i < 300; ++i) x.push_back(std::bit_cast<float>(0x3f800000U + (i << 15U)));  // ties
    std::vector<bf16> want;
    for (float const v : x) want.push_back(bf16(v));  // tests/kernels/elementwise.cpp holds it to exact arithmetic
    for (long const offset : {0L, 1L})
        for (long const n : {0L, 1L, 15L, static_cast<long>(x.size())}) {
            std::vector<float> const some(x.begin(), x.begin() + n);
            std::vector<bf16> const rounded(want.begin(), want.begin() + n);
            array<float> const in(some, offset), back(some, offset);
            array<bf16> const out(std::vector<bf16>(some.size()), offset);
            gpu::cast_to_bf16(lent(), in, out, n);
            CHECK(device::bits(out.host()) == device::bits(rounded));
            gpu::cast_to_f32(lent(), out, back, n, false);
            CHECK(device::bits(back.host()) == device::bits(numeric::as<float>(rounded)));
            gpu::cast_to_f32(lent(), out, in, n, true);
            auto sum = some;
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<float>(rounded[i]);
            CHECK(device::bits(in.host()) == device::bits(sum));
        }
    array<float> const nan({std::bit_cast<float>(0x7f800001U)});  // its upper half alone is an infinity
    array<bf16> const out({bf16()});
    gpu::cast_to_bf16(lent(), nan, out, 1);
    CHECK(std::isnan(static_cast<float>(out.host()[0])));
}

TEST_CASE_TEMPLATE("a bias is added to every row, also in place", T, float, double, bf16) {
    for (long const cols : {1L, 7L, 16L, 61L, 256L})
        for (long const offset : {0L, 1L}) {
            long const rows = 35;
            auto const x = numeric::random<T>(rows * cols, 1), b = numeric::random<T>(cols, 2);
            std::vector<T> want;
            for (std::size_t i = 0; i < x.size(); ++i)
                want.push_back(static_cast<T>(wide_t<T>(x[i]) + wide_t<T>(b[i % b.size()])));
            array<T> const in(x, offset), bias(b, offset), y(x, offset);
            gpu::bias_forward<T>(lent(), in, bias, y, rows, cols);
            CHECK(y.host() == want);
            gpu::bias_forward<T>(lent(), in, bias, in, rows, cols);
            CHECK(in.host() == want);
        }
}

TEST_CASE_TEMPLATE("its gradient sums the rows, written or added, the same bits every time", T, float, double, bf16) {
    using wide = wide_t<T>;
    for (long const rows : {0L, 1L, 17L, 64L, 300L})
        for (long const cols : {1L, 7L, 64L, 133L, 520L}) {
            auto const dy = numeric::random<T>(rows * cols, 3);
            auto const old = numeric::random<wide>(cols, 4);
            array<T> const from(dy), unaligned(dy, 1);
            for (bool const add : {false, true}) {
                std::vector<double> want = add ? numeric::as<double>(old) : std::vector<double>(old.size());
                for (std::size_t i = 0; i < dy.size(); ++i) want[i % old.size()] += static_cast<double>(dy[i]);
                for (array<T> const* const d : {&from, &unaligned}) {
                    array<wide> const db(old);
                    lent const scratch(gpu::bias_backward_scratch_bytes<T>(rows, cols));
                    gpu::bias_backward<T>(scratch, *d, db, add, rows, cols);
                    CHECK(numeric::error(db.host(), want) < (sizeof(wide) == 4 ? 1e-6 : 4e-15));
                    CHECK(scratch.kept_its_bounds());
                }
            }
        }
    auto const dy = numeric::random<T>(500 * 40, 3);
    CHECK(device::repeats([&] {
        array<T> const from(dy);
        array<wide> const db(std::vector<wide>(40));
        lent const scratch(gpu::bias_backward_scratch_bytes<T>(500, 40));
        gpu::bias_backward<T>(scratch, from, db, false, 500, 40);
        return db.host();
    }));
}
