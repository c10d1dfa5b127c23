#pragma once

#include <shardtype/comm/xsimd.hpp>
#include <shardtype/tensor/dtype.hpp>
#include <type_traits>

/// Vector registers and memory: bf16 lies in memory and is float in registers.
namespace shardtype::simd {

/// One register of T, which is no bf16, on the instruction set that the translation unit is compiled for.
template <class T>
using pack = xsimd::batch<T>;

/// Numbers of T in a register; of bf16 as many as of float.
template <class T>
inline constexpr int lanes = static_cast<int>(pack<wide_t<T>>::size);

namespace detail {

using words = xsimd::batch<unsigned>;

/// The bits of the floats, with those of the nearest bf16, ties to even, in the upper halves. As bf16's constructor
/// does it; the processor's own conversion would flush denormal numbers.
inline words rounded(pack<float> const& x) {
    auto const all = xsimd::bitwise_cast<words>(x);
    auto const nearest = all + words(0x7fffU) + ((all >> 16) & words(1U));
    auto const number = xsimd::bitwise_cast<pack<float>>(nearest);
    auto const nan = xsimd::bitwise_cast<pack<float>>(all | words(0x400000U));
    return xsimd::bitwise_cast<words>(xsimd::select(x == x, number, nan));
}

inline pack<float> widened(bf16 const* p) {
#if XSIMD_WITH_AVX512F
    auto const half = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
#elif XSIMD_WITH_AVX2
    auto const half = _mm_loadu_si128(reinterpret_cast<__m128i const*>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
#else
    alignas(64) float lane[lanes<bf16>];
    for (int i = 0; i < lanes<bf16>; ++i) lane[i] = p[i];
    return pack<float>::load_aligned(lane);
#endif
}

inline void narrow(pack<float> const& x, bf16* p) {
#if XSIMD_WITH_AVX512F
    auto const half = _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded(x), 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), half);
#elif XSIMD_WITH_AVX2
    __m256i const word = _mm256_srli_epi32(rounded(x), 16);
    auto const half = _mm256_permute4x64_epi64(_mm256_packus_epi32(word, word), 0x08);  // it packs each half alone
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(half));
#else
    alignas(64) float lane[lanes<bf16>];
    x.store_aligned(lane);
    for (int i = 0; i < lanes<bf16>; ++i) p[i] = bf16(lane[i]);
#endif
}

}  // namespace detail

/// A register of what lies at p, aligned like T; of floats for bf16.
template <class T>
[[gnu::always_inline]] inline pack<wide_t<T>> load(T const* p) {
    if constexpr (std::is_same_v<T, bf16>)
        return detail::widened(p);
    else
        return pack<T>::load_unaligned(p);
}

/// Writes a register to p, aligned like T; bf16 is rounded to nearest, ties to even.
template <class T>
[[gnu::always_inline]] inline void store(std::type_identity_t<pack<wide_t<T>>> const& x, T* p) {
    if constexpr (std::is_same_v<T, bf16>)
        detail::narrow(x, p);
    else
        x.store_unaligned(p);
}

}  // namespace shardtype::simd
