#include <doctest/doctest.h>
#include <shardtype/kernels/cuda/gelu.hpp>
#include <shardtype/kernels/cuda/rotary.hpp>
#include <shardtype/kernels/cuda/swiglu.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16, shardtype::wide_t;

namespace {

constexpr double pi = 3.14159265358979323846;

/// In long double: 1 + tanh cancels for negative x.
double gelu(double x) {
    long double const v = x, u = std::sqrt(2 / static_cast<long double>(pi)) * (v + 0.044715L * v * v * v);
    return static_cast<double>(v / (1 + std::exp(-2 * u)));
}
double gelu_slope(double x) {
    long double const v = x, c = std::sqrt(2 / static_cast<long double>(pi)), u = c * (v + 0.044715L * v * v * v);
    long double const s = 1 / (1 + std::exp(-2 * u)), rest = 1 / (1 + std::exp(2 * u));
    return static_cast<double>(s + v * s * rest * 2 * c * (1 + 3 * 0.044715L * v * v));
}

}  // namespace

TEST_CASE_TEMPLATE("swiglu equals the formula at odd sizes, unaligned, far inputs and in place", T, float, double,
                   bf16) {
    for (long const n : {1L, 15L, 4096L, 40211L})
        for (long const offset : {0L, 1L}) {
            auto gate = numeric::random<T>(n, 1, -30, 30), up = numeric::random<T>(n, 2);
            if (n > 4) gate[0] = T(-200), gate[1] = T(200), gate[2] = T(0);
            std::vector<double> want;
            for (std::size_t i = 0; i < gate.size(); ++i) {
                double const g = static_cast<double>(gate[i]);
                want.push_back(g / (1 + std::exp(-g)) * static_cast<double>(up[i]));
            }
            array<T> const dev_gate(gate, offset), dev_up(up, offset), y(up, offset);
            gpu::swiglu_forward<T>(lent(), dev_gate, dev_up, y, n);
            auto const got = y.host();
            CHECK(device::close(got, want, 5e-7, 1e-15, 1e-6));
            double worst = 0;  // per element: small results count as much as large ones
            for (std::size_t i = 3; sizeof(T) > 2 && i < got.size(); ++i)
                worst = std::max(worst, std::abs(static_cast<double>(got[i]) - want[i]) / std::abs(want[i]));
            CHECK(worst < (sizeof(T) == 4 ? 5e-7 : 1e-15));
            array<T> const over(gate, offset);
            gpu::swiglu_forward<T>(lent(), over, dev_up, over, n);
            CHECK(device::bits(over.host()) == device::bits(got));
            gpu::swiglu_forward<T>(lent(), dev_gate, dev_up, dev_up, n);
            CHECK(device::bits(dev_up.host()) == device::bits(got));
        }
}

TEST_CASE_TEMPLATE("swiglu's gradients, written over its inputs too", T, float, double, bf16) {
    for (long const n : {3L, 4133L, 30001L})
        for (long const offset : {0L, 1L}) {
            auto const gate = numeric::random<T>(n, 1, -9, 9), up = numeric::random<T>(n, 2),
                       dy = numeric::random<T>(n, 3);
            std::vector<double> want_gate, want_up;
            for (std::size_t i = 0; i < gate.size(); ++i) {
                double const g = static_cast<double>(gate[i]), s = 1 / (1 + std::exp(-g)),
                             d = static_cast<double>(dy[i]);
                want_gate.push_back(d * static_cast<double>(up[i]) * (s + g * s * (1 - s)));
                want_up.push_back(d * g * s);
            }
            array<T> const a(gate, offset), b(up, offset), c(dy, offset), dgate(gate, offset), dup(gate, offset);
            gpu::swiglu_backward<T>(lent(), c, a, b, dgate, dup, n);
            CHECK(device::close(dgate.host(), want_gate, 1e-6, 1e-15, 1e-5, 1e-2));
            CHECK(device::close(dup.host(), want_up, 1e-6, 1e-15));
            array<T> const over_c(dy, offset), over_a(gate, offset);
            gpu::swiglu_backward<T>(lent(), over_c, over_a, b, over_c, over_a, n);
            CHECK(device::bits(over_c.host()) == device::bits(dgate.host()));
            CHECK(device::bits(over_a.host()) == device::bits(dup.host()));
            gpu::swiglu_backward<T>(lent(), c, a, b, a, b, n);
            CHECK(device::bits(a.host()) == device::bits(dgate.host()));
            CHECK(device::bits(b.host()) == device::bits(dup.host()));
        }
}

TEST_CASE_TEMPLATE("gelu and its gradient equal the formulas, in place too", T, float, double, bf16) {
    for (long const n : {1L, 15L, 8211L})
        for (long const offset : {0L, 1L}) {
            auto const x = numeric::random<T>(n, 1, -9, 9), dy = numeric::random<T>(n, 2);
            std::vector<double> want, want_dx;
            for (std::size_t i = 0; i < x.size(); ++i) {
                want.push_back(gelu(static_cast<double>(x[i])));
                want_dx.push_back(static_cast<double>(dy[i]) * gelu_slope(static_cast<double>(x[i])));
            }
            array<T> const in(x, offset), y(x, offset), d(dy, offset), dx(x, offset), over(x, offset);
            gpu::gelu_forward<T>(lent(), in, y, n);
            CHECK(device::close(y.host(), want, 1e-6, 2e-15, 1e-5));
            gpu::gelu_backward<T>(lent(), d, in, dx, n);
            CHECK(device::close(dx.host(), want_dx, 1e-6, 2e-15, 1e-5, 1e-2));
            gpu::gelu_forward<T>(lent(), over, over, n);
            CHECK(device::bits(over.host()) == device::bits(y.host()));
            gpu::gelu_backward<T>(lent(), d, in, in, n);
            CHECK(device::bits(in.host()) == device::bits(dx.host()));
        }
}

TEST_CASE_TEMPLATE("far inputs of gelu neither overflow nor lose their slope", T, float, double) {
    std::vector<T> const far{T(-1e6), T(-50), T(50), T(1e6), T(0)}, one(5, T(1));
    array<T> const x(far), y(far), d(one), dx(one);
    gpu::gelu_forward<T>(lent(), x, y, 5);
    gpu::gelu_backward<T>(lent(), d, x, dx, 5);
    CHECK(y.host() == std::vector<T>{T(0), T(0), T(50), T(1e6), T(0)});
    CHECK(dx.host() == std::vector<T>{T(0), T(0), T(1), T(1), T(0.5)});
}

TEST_CASE_TEMPLATE("rotary turns pairs by position, in place too, and its inverse turns back", T, float, double, bf16) {
    using wide = wide_t<T>;
    long const batch = 2, seq = 37;
    long const sizes[][2] = {{1, 2}, {3, 4}, {4, 16}, {1, 16}, {5, 6}, {3, 48}, {2, 64}, {1, 128}};
    for (auto const& size : sizes)
        for (long const offset : {0L, 1L}) {
            long const heads = size[0], head_dim = size[1], half = head_dim / 2, n = batch * seq * heads * head_dim;
            CAPTURE(heads);
            CAPTURE(head_dim);
            array<wide> const cos(std::vector<wide>(static_cast<std::size_t>(seq * half))), sin(cos.host());
            gpu::rotary_table<wide>(lent(), cos, sin, seq, head_dim, 500000.0);
            auto const table_cos = cos.host(), table_sin = sin.host();
            auto const x = numeric::random<T>(n, 1);
            for (bool const inverse : {false, true}) {
                std::vector<double> want(x.size());
                double off = 0;
                for (long row = 0; row < batch * seq; ++row)
                    for (long h = 0; h < heads; ++h)
                        for (long p = 0; p < half; ++p) {
                            double const exponent = static_cast<double>(2 * p) / static_cast<double>(head_dim);
                            double const angle = static_cast<double>(row % seq) / std::pow(500000.0, exponent);
                            auto const at = static_cast<std::size_t>(row % seq * half + p);
                            double const c = static_cast<double>(table_cos[at]), s = static_cast<double>(table_sin[at]);
                            off = std::max({off, std::abs(std::cos(angle) - c), std::abs(std::sin(angle) - s)});
                            auto const i = static_cast<std::size_t>((row * heads + h) * head_dim + 2 * p);
                            double const re = static_cast<double>(x[i]), im = static_cast<double>(x[i + 1]);
                            want[i] = re * c - im * (inverse ? -s : s);
                            want[i + 1] = re * (inverse ? -s : s) + im * c;
                        }
                CHECK(off < (sizeof(wide) == 4 ? 1e-7 : 4e-14));
                array<T> const in(x, offset), y(x, offset);
                gpu::rotary<T>(lent(), in, cos, sin, y, batch, seq, heads, head_dim, inverse);
                CHECK(device::close(y.host(), want, 2e-7, 1e-15, 1e-5, 0.01));
                gpu::rotary<T>(lent(), in, cos, sin, in, batch, seq, heads, head_dim, inverse);
                CHECK(device::bits(in.host()) == device::bits(y.host()));
            }
        }
}
