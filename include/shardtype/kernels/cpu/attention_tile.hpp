#pragma once
#include <shardtype/kernels/cpu/attention_scratch.hpp>
#include <shardtype/kernels/cpu/simd.hpp>
#include <shardtype/kernels/execution.hpp>
#include <stdexcept>
#include <string>

namespace shardtype::detail {

/// A stride known at compile time. (head_dim as one was measured too: no faster, and three times the code.)
template <long N>
using fixed = std::integral_constant<long, N>;

/// How many scalars one register tile broadcasts; with attention_vectors vectors they make the accumulators.
template <class T>
inline constexpr int attention_scalars = [] {
    constexpr int room = simd::registers == 32 ? 8 : 4;
    return room < simd::lanes<T> ? room : simd::lanes<T>;  // divides the lanes, so no remainders on the diagonal
}();

template <class T>
inline constexpr long attention_tile_lanes = long{attention_vectors} * simd::lanes<T>;

/// The one register tile of all seven products, over t < steps, with the vectors `left` aligned:
/// sum[a][b] += left[t * left_step + a * lanes ...] * right[t * step + b * next].
template <int A, int B, class T, class Step, class Next>
[[gnu::always_inline]] inline void outer_products(simd::pack<T> (&sum)[A][B], T const* left, long left_step,
                                                  T const* right, Step step, Next next, long steps) {
    using pack = simd::pack<T>;
    for (long t = 0; t < steps; ++t, left += left_step, right += step) {
        pack l[A];
        simd::unroll<A>([&](auto a)
                            __attribute__((always_inline)) { l[a] = pack::load_aligned(left + a * simd::lanes<T>); });
        simd::unroll<B>([&](auto b) __attribute__((always_inline)) {
            pack const r(right[b * next]);
            simd::unroll<A>([&](auto a) __attribute__((always_inline)) { sum[a][b] = simd::fma(l[a], r, sum[a][b]); });
        });
    }
}

/// The same from zero, then added to memory: to[b * to_step + a * lanes ...] += sum[a][b]. Sums made per block and then
/// added round less than one long sum.
template <int A, int B, class T, class Step, class Next>
[[gnu::always_inline]] inline void add_outer_products(T* to, long to_step, T const* left, long left_step,
                                                      T const* right, Step step, Next next, long steps) {
    using pack = simd::pack<T>;
    pack sum[A][B];
    simd::unroll<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b] = pack(T(0)); });
    outer_products(sum, left, left_step, right, step, next, steps);
    simd::unroll<B, A>([&](auto b, auto a) __attribute__((always_inline)) {
        T* const at = to + b * to_step + a * simd::lanes<T>;
        (pack::load_aligned(at) + sum[a][b]).store_aligned(at);
    });
}

/// Copies `rows` strided rows of `columns` numbers to rows of `width`, times `scale`; zeroes the rest up to
/// `padded_rows`. What is packed is T, what lies in memory may be bf16.
template <class T, class Memory>
void pack_rows(Memory const* from, long stride, long rows, long columns, T* to, long width, long padded_rows,
               T scale = T(1)) {
    using pack = simd::pack<T>;
    for (long i = 0; i < rows; ++i) {
        long x = 0;
        for (; x + simd::lanes<T> <= columns; x += simd::lanes<T>)
            (simd::load(from + i * stride + x) * pack(scale)).store_aligned(to + i * width + x);
        for (; x < columns; ++x) to[i * width + x] = static_cast<T>(from[i * stride + x]) * scale;
        for (; x < width; ++x) to[i * width + x] = T(0);
    }
    for (long x = rows * width; x < padded_rows * width; ++x) to[x] = T(0);
}

/// to[x][i] = from[i][x] * scale, with zeroes for the rows i from `rows` to `padded_rows`, a multiple of the lanes.
template <class T, class Memory>
void pack_transposed(Memory const* from, long stride, long rows, long columns, T* to, long to_stride, long padded_rows,
                     T scale) {
    using pack = simd::pack<T>;
    constexpr long lanes = simd::lanes<T>;
    long x = 0;
    for (; x + lanes <= columns; x += lanes)
        for (long i = 0; i < padded_rows; i += lanes) {
            pack square[lanes];
            simd::unroll<lanes>([&](auto n) __attribute__((always_inline)) {
                square[n] = i + n < rows ? simd::load(from + (i + n) * stride + x) * pack(scale) : pack(T(0));
            });
            simd::transpose<T>(square);
            simd::unroll<lanes>([&](auto n) __attribute__((always_inline)) {
                square[n].store_aligned(to + (x + n) * to_stride + i);
            });
        }
    for (; x < columns; ++x)
        for (long i = 0; i < padded_rows; ++i)
            to[x * to_stride + i] = i < rows ? static_cast<T>(from[i * stride + x]) * scale : T(0);
}

/// to[i][x] = from[x][i] * scale, added to what is there if `add`.
template <class T, class Memory>
void unpack_transposed(T const* from, long from_stride, long rows, long columns, Memory* to, long stride, T scale,
                       bool add) {
    using pack = simd::pack<T>;
    constexpr long lanes = simd::lanes<T>;
    long x = 0;
    for (; x + lanes <= columns; x += lanes)
        for (long i = 0; i < rows; i += lanes) {
            pack square[lanes];
            simd::unroll<lanes>([&](auto n) __attribute__((always_inline)) {
                square[n] = pack::load_aligned(from + (x + n) * from_stride + i) * pack(scale);
            });
            simd::transpose<T>(square);
            simd::unroll<lanes>([&](auto n) __attribute__((always_inline)) {
                Memory* const at = to + (i + n) * stride + x;
                if (i + n < rows) simd::store(add ? simd::load(at) + square[n] : square[n], at);
            });
        }
    for (; x < columns; ++x)
        for (long i = 0; i < rows; ++i) {
            T const value = from[x * from_stride + i] * scale;
            to[i * stride + x] = static_cast<Memory>(add ? static_cast<T>(to[i * stride + x]) + value : value);
        }
}

/// Copies `rows` packed rows back to strided ones, rounding once.
template <class T, class Memory>
void unpack_rows(T const* from, long width, long rows, long columns, Memory* to, long stride) {
    for (long i = 0; i < rows; ++i) {
        long x = 0;
        for (; x + simd::lanes<T> <= columns; x += simd::lanes<T>)
            simd::store(simd::pack<T>::load_aligned(from + i * width + x), to + i * stride + x);
        for (; x < columns; ++x) to[i * stride + x] = static_cast<Memory>(from[i * width + x]);
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
scratch_cursor<wide_t<T>> attention_scratch(execution const& e, cpu::attention_shape s, long bytes, char const* name) {
    if (s.batch < 1 || s.seq < 1 || s.heads < 1 || s.kv_heads < 1 || s.head_dim < 1 || s.heads % s.kv_heads != 0)
        throw std::invalid_argument(
            std::string(name) +
            ": sizes must be positive and heads a multiple of kv_heads, got heads = " + std::to_string(s.heads) +
            ", kv_heads = " + std::to_string(s.kv_heads) + ", batch = " + std::to_string(s.batch) +
            ", seq = " + std::to_string(s.seq) + ", head_dim = " + std::to_string(s.head_dim));
    if (e.scratch == nullptr || e.scratch_bytes < static_cast<std::size_t>(bytes))
        throw std::runtime_error(std::string(name) + ": needs " + std::to_string(bytes) + " bytes of scratch, got " +
                                 std::to_string(e.scratch == nullptr ? 0 : e.scratch_bytes));
    return {static_cast<wide_t<T>*>(e.scratch)};
}

}  // namespace shardtype::detail
