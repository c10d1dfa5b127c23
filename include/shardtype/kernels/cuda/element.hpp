#pragma once
#include <cstdint>
#include <cuda_runtime.h>
#include <shardtype/tensor/dtype.hpp>
#include <type_traits>

// Elements of T in device code: bf16's own conversions belong to the host.

namespace shardtype::cuda {

/// Without loss.
/// @{
__host__ __device__ __forceinline__ float widen(float x) { return x; }
__host__ __device__ __forceinline__ double widen(double x) { return x; }
__host__ __device__ __forceinline__ int widen(int x) { return x; }
__host__ __device__ __forceinline__ float widen(bf16 x) {
    return __builtin_bit_cast(float, static_cast<unsigned>(x.bits) << 16U);
}
/// @}

namespace detail {

/// The bits of the bf16 that is nearest to x, ties to even; a NaN stays one.
__host__ __device__ __forceinline__ unsigned short nearest_bf16(float x) {
#ifdef __CUDA_ARCH__
    unsigned short bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
#else
    auto const all = __builtin_bit_cast(unsigned, x);
    if (x != x) return static_cast<unsigned short>((all >> 16U) | 0x40U);
    return static_cast<unsigned short>((all + 0x7fffU + ((all >> 16U) & 1U)) >> 16U);
#endif
}

/// Two of them in a word, the first in its lower half.
__host__ __device__ __forceinline__ unsigned nearest_bf16(float first, float second) {
#ifdef __CUDA_ARCH__
    unsigned bits;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
    return bits;
#else
    return nearest_bf16(first) | static_cast<unsigned>(nearest_bf16(second)) << 16U;
#endif
}

}  // namespace detail

/// The T nearest to x.
template <class T>
__host__ __device__ __forceinline__ T narrow(wide_t<T> x) {
    if constexpr (std::is_same_v<T, bf16>) {
        bf16 y;
        y.bits = detail::nearest_bf16(x);
        return y;
    } else {
        return x;
    }
}

/// Elements of T in 16 bytes, the most that one instruction loads.
template <class T>
inline constexpr int width_of = static_cast<int>(16 / sizeof(T));

/// N neighbours as they lie in memory, moved by one instruction where they are 16 bytes; read as wide numbers.
template <class T, int N>
struct [[gnu::may_alias]] alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) chunk {
    static constexpr int count = N;  ///< elements
    T at[N];                         ///< as in memory

    /// Element i, wide.
    __device__ __forceinline__ T operator[](int i) const { return at[i]; }
};
/// Two in a word, the first in its lower half.
template <int N>
struct [[gnu::may_alias]] alignas(N < 8 ? 2 * N : 16) chunk<bf16, N> {
    static constexpr int count = N;  ///< elements
    unsigned pairs[N / 2];           ///< as in memory

    /// Element i, wide.
    __device__ __forceinline__ float operator[](int i) const {
        unsigned const pair = pairs[i / 2];
        return __builtin_bit_cast(float, i % 2 == 0 ? pair << 16U : pair & 0xffff0000U);
    }
};
/// One alone.
template <>
struct [[gnu::may_alias]] chunk<bf16, 1> {
    static constexpr int count = 1;  ///< elements
    unsigned short bits;             ///< as in memory

    /// The element, wide.
    __device__ __forceinline__ float operator[](int) const {
        return __builtin_bit_cast(float, static_cast<unsigned>(bits) << 16U);
    }
};

/// The chunk at p; `Whole` promises that p is aligned like a chunk, else the elements are read one by one.
template <class T, int N, bool Whole = true>
__device__ __forceinline__ chunk<T, N> load_chunk(T const* p) {
    if constexpr (Whole || N == 1) {
        return *reinterpret_cast<chunk<T, N> const*>(p);
    } else {
        chunk<T, N> x;
        if constexpr (std::is_same_v<T, bf16>) {
            for (int i = 0; i < N / 2; ++i)
                x.pairs[i] = p[2 * i].bits | static_cast<unsigned>(p[2 * i + 1].bits) << 16U;
        } else {
            for (int i = 0; i < N; ++i) x.at[i] = p[i];
        }
        return x;
    }
}

/// Wide numbers as a chunk of T, each rounded once.
template <class T, int N>
__device__ __forceinline__ chunk<T, N> narrow_chunk(wide_t<T> const (&x)[N]) {
    chunk<T, N> y;
    if constexpr (!std::is_same_v<T, bf16>) {
        for (int i = 0; i < N; ++i) y.at[i] = x[i];
    } else if constexpr (N == 1) {
        y.bits = detail::nearest_bf16(x[0]);
    } else {
        for (int i = 0; i < N / 2; ++i) y.pairs[i] = detail::nearest_bf16(x[2 * i], x[2 * i + 1]);
    }
    return y;
}

/// Writes wide numbers to p, each rounded once; see load_chunk.
template <class T, int N, bool Whole = true>
__device__ __forceinline__ void store_chunk(T* p, wide_t<T> const (&x)[N]) {
    if constexpr (Whole || N == 1) {
        *reinterpret_cast<chunk<T, N>*>(p) = narrow_chunk<T, N>(x);
    } else {
        for (int i = 0; i < N; ++i) p[i] = narrow<T>(x[i]);
    }
}

/// Do all of these begin at a multiple of 16 bytes?
template <class... T>
bool aligned(T const*... p) {
    return ((reinterpret_cast<std::uintptr_t>(p) % 16 == 0) && ...);
}

/// a / b, both not negative; by 32 bits where they suffice, which is several times as fast.
__device__ __forceinline__ long quotient(long a, long b) {
    if (((a | b) >> 32) == 0) return static_cast<long>(static_cast<unsigned>(a) / static_cast<unsigned>(b));
    return a / b;
}

}  // namespace shardtype::cuda
