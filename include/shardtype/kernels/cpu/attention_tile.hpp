#pragma once
#include <cstring>
#include <stdexcept>
#include <string>
#include <shardtype/kernels/cpu/attention_scratch.hpp>
#include <shardtype/kernels/cpu/simd.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::detail {

/// A whole number that may be known at compile time: head_dim in strides and trip counts.
template <long N>
using fixed = std::integral_constant<long, N>;

/// How many scalars one register tile broadcasts; with attention_vectors vectors they make the accumulators.
template <class T>
inline constexpr int attention_scalars = simd::registers == 32 && simd::lanes<T> >= 8 ? 8 : simd::lanes<T> < 4 ? simd::lanes<T> : 4;

template <class T>
inline constexpr long attention_tile_lanes = attention_vectors * simd::lanes<T>;

/// The one register tile of all seven products: sum[a][b] += left[t * left_step + a * lanes ...] * right[t * step + b * next]
/// over t < steps. `left` is 64-byte aligned and so are its rows.
template <int A, int B, class T, class Step, class Next>
[[gnu::always_inline]] inline void outer_products(simd::pack<T> (&sum)[A][B], T const* left, long left_step,
                                                  T const* right, Step step, Next next, long steps) {
    using pack = simd::pack<T>;
    for (long t = 0; t < steps; ++t, left += left_step, right += step) {
        pack l[A];
        simd::unroll<A>([&](auto a) __attribute__((always_inline)) { l[a] = pack::load_aligned(left + a * simd::lanes<T>); });
        simd::unroll<B>([&](auto b) __attribute__((always_inline)) {
            pack const r(right[b * next]);
            simd::unroll<A>([&](auto a) __attribute__((always_inline)) { sum[a][b] = simd::fma(l[a], r, sum[a][b]); });
        });
    }
}

template <int A, int B, class T>
[[gnu::always_inline]] inline void fill(simd::pack<T> (&sum)[A][B], T value) {
    simd::unroll<A>([&](auto a) __attribute__((always_inline)) { simd::unroll<B>([&](auto b) __attribute__((always_inline)) { sum[a][b] = simd::pack<T>(value); }); });
}

/// Copies `rows` strided rows of `columns` numbers to rows of `width`, times `scale`; zeroes the rest up to `padded_rows`.
template <class T>
void pack_rows(T const* from, long stride, long rows, long columns, T* to, long width, long padded_rows, T scale = T(1)) {
    for (long i = 0; i < rows; ++i) {
        for (long x = 0; x < columns; ++x) to[i * width + x] = from[i * stride + x] * scale;
        for (long x = columns; x < width; ++x) to[i * width + x] = T(0);
    }
    for (long x = rows * width; x < padded_rows * width; ++x) to[x] = T(0);
}

/// to[x][i] = from[i][x] * scale, with zeroes for the rows i from `rows` to `padded_rows`.
template <class T>
void pack_transposed(T const* from, long stride, long rows, long columns, T* to, long to_stride, long padded_rows,
                     T scale) {
    for (long i = 0; i < rows; ++i)
        for (long x = 0; x < columns; ++x) to[x * to_stride + i] = from[i * stride + x] * scale;
    for (long x = 0; x < columns; ++x)
        for (long i = rows; i < padded_rows; ++i) to[x * to_stride + i] = T(0);
}

/// to[i][x] = from[x][i] * scale, added to what is there if `add`.
template <class T>
void unpack_transposed(T const* from, long from_stride, long rows, long columns, T* to, long stride, T scale, bool add) {
    for (long i = 0; i < rows; ++i)
        for (long x = 0; x < columns; ++x) {
            T const value = from[x * from_stride + i] * scale;
            to[i * stride + x] = add ? to[i * stride + x] + value : value;
        }
}

/// Hands out 64-byte aligned pieces of the scratch that the schedule gave.
template <class T>
struct scratch_cursor {
    T* next;
    T* take(long elements) {
        T* const piece = next;
        next += elements;
        return piece;
    }
};

template <class T>
scratch_cursor<T> attention_scratch(execution const& e, cpu::attention_shape s, long bytes, char const* name) {
    if (s.batch < 1 || s.seq < 1 || s.heads < 1 || s.kv_heads < 1 || s.head_dim < 1 || s.heads % s.kv_heads != 0)
        throw std::invalid_argument(std::string(name) + ": sizes must be positive and heads a multiple of kv_heads, got heads = " +
                                    std::to_string(s.heads) + ", kv_heads = " + std::to_string(s.kv_heads) + ", batch = " +
                                    std::to_string(s.batch) + ", seq = " + std::to_string(s.seq) + ", head_dim = " +
                                    std::to_string(s.head_dim));
    if (e.scratch == nullptr || e.scratch_bytes < static_cast<std::size_t>(bytes))
        throw std::runtime_error(std::string(name) + ": needs " + std::to_string(bytes) + " bytes of scratch, got " +
                                 std::to_string(e.scratch == nullptr ? 0 : e.scratch_bytes));
    return {static_cast<T*>(e.scratch)};
}

/// Calls f(head_dim) with the common sizes as compile-time constants, so that strides become immediates.
template <class F>
void with_head_dim(long head_dim, F&& f) {
    switch (head_dim) {
        case 16: return f(fixed<16>{});
        case 64: return f(fixed<64>{});
        case 128: return f(fixed<128>{});
        default: return f(head_dim);
    }
}

template <class T>
constexpr auto attention_width(long head_dim) {
    return attention_round_up(head_dim, attention_max_lanes<T>);
}
template <class T, long N>
constexpr auto attention_width(fixed<N>) {
    return fixed<attention_round_up(N, attention_max_lanes<T>)>{};
}

}  // namespace shardtype::detail
