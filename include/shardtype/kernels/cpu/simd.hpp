#pragma once
#include <shardtype/comm/lanes.hpp>
#include <type_traits>
#include <utility>

namespace shardtype::simd {

/// Architectural vector registers: what register tiles are sized by.
inline constexpr int registers = XSIMD_WITH_AVX512F || XSIMD_WITH_NEON64 ? 32 : 16;

namespace detail {

template <class F, int... I>
[[gnu::always_inline]] inline void unroll(F& f, std::integer_sequence<int, I...>) {
    (f(std::integral_constant<int, I>{}), ...);
}

}  // namespace detail

/// Calls f with integral_constant 0 .. N-1. Unlike an unroll pragma it is honoured by every compiler at -O2,
/// so arrays of packs indexed by it stay in registers.
template <int N, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
    detail::unroll(f, std::make_integer_sequence<int, N>{});
}

/// unroll over i < N and, inside, k < M: f(i, k).
template <int N, int M, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
    unroll<N * M>([&](auto ik) __attribute__((always_inline)) {
        f(std::integral_constant<int, ik / M>{}, std::integral_constant<int, ik % M>{});
    });
}

/// a * b + c, rounded once where the machine can. xsimd 8 has no fused version for AVX-512 and clang does not contract
/// across functions, so xsimd::fma there is two instructions.
template <class T>
[[gnu::always_inline]] inline pack<T> fma(pack<T> a, pack<T> b, pack<T> c) {
#if XSIMD_WITH_AVX512F
    if constexpr (std::is_same_v<T, float>)
        return _mm512_fmadd_ps(a, b, c);
    else
        return _mm512_fmadd_pd(a, b, c);
#else
    return xsimd::fma(a, b, c);
#endif
}

/// 0, 1, 2, ... in the lanes.
template <class T>
inline pack<T> iota() {
    alignas(64) T values[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) values[i] = static_cast<T>(i);
    return pack<T>::load_aligned(values);
}

namespace detail {

/// x * 2^n for whole numbers n, x about 1.
inline pack<float> scale_by_power(pack<float> x, pack<float> n) {
#if XSIMD_WITH_AVX512F
    return _mm512_scalef_ps(x, n);  // saturates by itself
#else
    using integers = xsimd::batch<xsimd::as_integer_t<float>>;
    // the bound comes first: x86's max and min return their second operand for a NaN
    n = xsimd::min(pack<float>(127.0f), xsimd::max(pack<float>(-126.0f), n));
    auto const bits = xsimd::bitwise_cast<integers>(x) + (xsimd::to_int(n) << 23);
    return xsimd::bitwise_cast<pack<float>>(bits);
#endif
}

}  // namespace detail

/// 2^(x - shift) for whole numbers `shift`, which are subtracted from the exponent and so cost no precision: at most 2
/// ulp. Below 2^-126 the result is 2^-126 or less; from 2^128 on it is at least 2^126; NaN stays NaN.
inline pack<float> exp2(pack<float> x, pack<float> shift) {
    auto const whole = xsimd::nearbyint(x);
    auto const r = x - whole;
    // minimax polynomial of 2^r on [-1/2, 1/2], relative error 2e-9
    auto p = fma(r, pack<float>(0.000153458118f), pack<float>(0.00133999312f));
    p = fma(r, p, pack<float>(0.00961848896f));
    p = fma(r, p, pack<float>(0.0555032878f));
    p = fma(r, p, pack<float>(0.240226469f));
    p = fma(r, p, pack<float>(0.693147206f));
    p = fma(r, p, pack<float>(1.0f));
    return detail::scale_by_power(p, whole - shift);
}

/// The same in double, by xsimd.
inline pack<double> exp2(pack<double> x, pack<double> shift) { return xsimd::exp2(x - shift); }

/// 2^x.
template <class T>
inline pack<T> exp2(pack<T> x) {
    return exp2(x, pack<T>(T(0)));
}

/// Transposes the square that the packs make: afterwards lane j of row[i] is what lane i of row[j] was.
template <class T>
inline void transpose(pack<T> (&row)[lanes<T>]) {
    alignas(64) T values[lanes<T>][lanes<T>], columns[lanes<T>][lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) row[i].store_aligned(values[i]);
    for (int i = 0; i < lanes<T>; ++i)
        for (int j = 0; j < lanes<T>; ++j) columns[j][i] = values[i][j];
    for (int i = 0; i < lanes<T>; ++i) row[i] = pack<T>::load_aligned(columns[i]);
}

#if XSIMD_WITH_AVX512F
template <>
inline void transpose<float>(pack<float> (&row)[16]) {
    __m512 t[16];
    unroll<4>([&](auto i) __attribute__((always_inline)) {  // 4 x 4 squares in each quarter
        __m512d const a = _mm512_castps_pd(_mm512_unpacklo_ps(row[4 * i], row[4 * i + 1]));
        __m512d const b = _mm512_castps_pd(_mm512_unpackhi_ps(row[4 * i], row[4 * i + 1]));
        __m512d const c = _mm512_castps_pd(_mm512_unpacklo_ps(row[4 * i + 2], row[4 * i + 3]));
        __m512d const d = _mm512_castps_pd(_mm512_unpackhi_ps(row[4 * i + 2], row[4 * i + 3]));
        t[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        t[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        t[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        t[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    });
    unroll<4>([&](auto i) __attribute__((always_inline)) {  // then the squares among themselves
        __m512 const even = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88),
                     even2 = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88);
        __m512 const odd = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xdd),
                     odd2 = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xdd);
        row[i] = _mm512_shuffle_f32x4(even, even2, 0x88);
        row[i + 4] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
        row[i + 8] = _mm512_shuffle_f32x4(even, even2, 0xdd);
        row[i + 12] = _mm512_shuffle_f32x4(odd, odd2, 0xdd);
    });
}
#elif XSIMD_WITH_AVX
template <>
inline void transpose<float>(pack<float> (&row)[8]) {
    __m256 t[8];
    unroll<2>([&](auto i) __attribute__((always_inline)) {
        __m256d const a = _mm256_castps_pd(_mm256_unpacklo_ps(row[4 * i], row[4 * i + 1]));
        __m256d const b = _mm256_castps_pd(_mm256_unpackhi_ps(row[4 * i], row[4 * i + 1]));
        __m256d const c = _mm256_castps_pd(_mm256_unpacklo_ps(row[4 * i + 2], row[4 * i + 3]));
        __m256d const d = _mm256_castps_pd(_mm256_unpackhi_ps(row[4 * i + 2], row[4 * i + 3]));
        t[4 * i] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
        t[4 * i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
        t[4 * i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
        t[4 * i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
    });
    unroll<4>([&](auto i) __attribute__((always_inline)) {
        row[i] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x20);
        row[i + 4] = _mm256_permute2f128_ps(t[i], t[i + 4], 0x31);
    });
}
#endif

}  // namespace shardtype::simd
