#pragma once
#include <array>
#include <cmath>
#include <complex>
#include <numeric>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>
#include <type_traits>

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

/// The real and imaginary parts of neighbours, as two batches.
template <class T>
std::array<batch<T>, 2> load_pairs(T const* p) {
    if constexpr (std::is_same_v<T, bf16>) {  // one word is a pair
        auto const both = xsimd::batch<unsigned>::load_unaligned(reinterpret_cast<unsigned const*>(p));
        return {xsimd::bitwise_cast<batch<T>>(both << 16),
                xsimd::bitwise_cast<batch<T>>(both & xsimd::batch<unsigned>(0xffff0000U))};
    } else {
        auto const both = xsimd::batch<std::complex<T>>::load_unaligned(reinterpret_cast<std::complex<T> const*>(p));
        return {both.real(), both.imag()};
    }
}
template <class T>
void store_pairs(batch<T> const& re, batch<T> const& im, T* p) {
    if constexpr (std::is_same_v<T, bf16>) {
        auto const both =
            (simd::detail::rounded(re) >> 16) | (simd::detail::rounded(im) & xsimd::batch<unsigned>(0xffff0000U));
        both.store_unaligned(reinterpret_cast<unsigned*>(p));
    } else {
        xsimd::batch<std::complex<T>>(re, im).store_unaligned(reinterpret_cast<std::complex<T>*>(p));
    }
}

/// (y[0], y[1]) = (x[0], x[1]) (cos, sin) as complex numbers.
template <class T>
void rotate_pair(T const* x, wide_t<T> cos, wide_t<T> sin, T* y) {
    wide_t<T> const re = x[0], im = x[1];
    y[0] = static_cast<T>(re * cos - im * sin);
    y[1] = static_cast<T>(re * sin + im * cos);
}

/// y = x turn over `pairs` complex numbers; turn has `period` entries, a multiple of the lanes where pairs > lanes.
template <class T>
void rotate_pairs(T const* x, wide_t<T> const* cos, wide_t<T> const* sin, T* y, long pairs, long period) {
    constexpr long width = lanes<T>;
    long p = 0;
    for (long t = 0; p + width <= pairs; p += width, t = t + width == period ? 0 : t + width) {
        auto const [re, im] = load_pairs(x + 2 * p);
        auto const c = load(cos + t), s = load(sin + t);
        store_pairs(batch<T>(re * c - im * s), batch<T>(re * s + im * c), y + 2 * p);
    }
    for (; p < pairs; ++p) rotate_pair(x + 2 * p, cos[p % period], sin[p % period], y + 2 * p);
}

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// Turns each pair (x[2 i], x[2 i + 1]) of a head by its position's angle i; `inverse` turns back, which is the
/// gradient. x, y [batch, seq, heads, head_dim]; cos, sin [seq, head_dim / 2], of bf16 in float; `y` may be `x`.
template <class T>
void rotary(execution const&, T const* x, wide_t<T> const* cos, wide_t<T> const* sin, T* y, long batch, long seq,
            long heads, long head_dim, bool inverse) {
    using wide = wide_t<T>;
    // A head is often narrower than two batches, so a row of heads is one run of pairs and the table is repeated to
    // a whole number of batches.
    constexpr long limit = 2048;
    long const half = head_dim / 2;
    long const whole = std::lcm(half, detail::vec::lanes<T>);
    long const period = whole <= limit ? whole : half;
    alignas(64) wide c[limit];
    alignas(64) wide s[limit];
    for (long position = 0; position < seq; ++position) {
        wide const* const from_cos = cos + position * half;
        wide const* const from_sin = sin + position * half;
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
                wide const turn = inverse ? -from_sin[p % half] : from_sin[p % half];
                detail::vec::rotate_pair(x + row + 2 * p, from_cos[p % half], turn, y + row + 2 * p);
            }
        }
    }
}

}  // namespace shardtype::cpu
