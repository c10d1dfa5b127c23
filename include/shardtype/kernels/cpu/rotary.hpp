#pragma once
#include <cmath>
#include <complex>
#include <numeric>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// cos and sin [seq, head_dim / 2] of position * theta^(-2 i / head_dim), made in double. Called at set-up.
template <class T>
void rotary_table(T* cos, T* sin, long seq, long head_dim, double theta) {
    long const half = head_dim / 2;
    for (long s = 0; s < seq; ++s) {
        for (long i = 0; i < half; ++i) {
            double const frequency = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
            double const angle = static_cast<double>(s) * frequency;
            cos[s * half + i] = static_cast<T>(std::cos(angle));
            sin[s * half + i] = static_cast<T>(std::sin(angle));
        }
    }
}

}  // namespace shardtype::cpu

namespace shardtype::detail::vec {

/// y = x turn over `pairs` complex numbers; turn has `period` entries, a multiple of the lanes where pairs > lanes.
template <class T>
void rotate_pairs(T const* x, T const* cos, T const* sin, T* y, long pairs, long period) {
    using complex_batch = xsimd::batch<std::complex<T>>;
    constexpr long width = lanes<T>;
    long p = 0;
    for (long t = 0; p + width <= pairs; p += width, t = t + width == period ? 0 : t + width) {
        auto const in = complex_batch::load_unaligned(reinterpret_cast<std::complex<T> const*>(x + 2 * p));
        batch<T> const re = in.real(), im = in.imag(), c = load(cos + t), s = load(sin + t);
        complex_batch(re * c - im * s, re * s + im * c).store_unaligned(reinterpret_cast<std::complex<T>*>(y + 2 * p));
    }
    for (; p < pairs; ++p) {
        T const re = x[2 * p], im = x[2 * p + 1], c = cos[p % period], s = sin[p % period];
        y[2 * p] = re * c - im * s;
        y[2 * p + 1] = re * s + im * c;
    }
}

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// Turns each pair (x[2 i], x[2 i + 1]) of a head by its position's angle i; `inverse` turns back, which is the
/// gradient. x, y [batch, seq, heads, head_dim]; cos, sin [seq, head_dim / 2]; `y` may be `x`.
template <class T>
void rotary(execution const&, T const* x, T const* cos, T const* sin, T* y, long batch, long seq, long heads,
            long head_dim, bool inverse) {
    // A head is often narrower than two batches, so a row of heads is one run of pairs and the table is repeated to
    // a whole number of batches.
    constexpr long limit = 2048;
    long const half = head_dim / 2;
    long const whole = std::lcm(half, detail::vec::lanes<T>);
    long const period = whole <= limit ? whole : half;
    alignas(64) T c[limit];
    alignas(64) T s[limit];
    for (long position = 0; position < seq; ++position) {
        T const* const from_cos = cos + position * half;
        T const* const from_sin = sin + position * half;
        if (period <= limit) {
            for (long i = 0; i < period; ++i) {
                c[i] = from_cos[i % half];
                s[i] = inverse ? -from_sin[i % half] : from_sin[i % half];
            }
        }
        for (long b = 0; b < batch; ++b) {
            long const row = (b * seq + position) * heads * head_dim;
            if (whole <= limit) {
                detail::vec::rotate_pairs(x + row, c, s, y + row, heads * half, period);
                continue;
            }
            for (long p = 0; p < heads * half; ++p) {
                T const re = x[row + 2 * p], im = x[row + 2 * p + 1];
                T const cp = from_cos[p % half], sp = inverse ? -from_sin[p % half] : from_sin[p % half];
                y[row + 2 * p] = re * cp - im * sp;
                y[row + 2 * p + 1] = re * sp + im * cp;
            }
        }
    }
}

}  // namespace shardtype::cpu
