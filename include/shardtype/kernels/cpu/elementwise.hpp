#pragma once
#include <cstring>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// out = a + b over n elements, rounded once; `out` may be an operand of its type. T and B may be bf16 and float.
template <class T, class B = T>
void add(execution const&, T const* a, B const* b, T* out, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 1>(
            begin, end, [](batch const& x, batch const& y) { return std::array<batch, 1>{x + y}; }, {out}, a, b);
    });
}

/// out = in over n elements, rounded to nearest, ties to even. Reads 4 and writes 2 bytes per element.
inline void cast_to_bf16(execution const&, float const* in, bf16* out, long n) {
    using batch = detail::vec::batch<float>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<bf16, 1>(
            begin, end, [](batch const& x) { return std::array<batch, 1>{x}; }, {out}, in);
    });
}

/// out (+)= in over n elements, without loss where it does not add.
inline void cast_to_f32(execution const& with, bf16 const* in, float* out, long n, bool accumulate) {
    using batch = detail::vec::batch<float>;
    if (accumulate) return add(with, static_cast<float const*>(out), in, out, n);
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<float, 1>(
            begin, end, [](batch const& x) { return std::array<batch, 1>{x}; }, {out}, in);
    });
}

/// out = in over n elements that do not overlap.
template <class T>
void copy(execution const&, T const* in, T* out, long n) {
    if (n > 0) std::memcpy(out, in, static_cast<std::size_t>(n) * sizeof(T));
}

/// out = value over n elements.
template <class T>
void fill(execution const&, T value, T* out, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 1>(
            begin, end, [value](auto const&...) { return std::array<batch, 1>{batch(static_cast<wide_t<T>>(value))}; },
            {out});
    });
}

/// dst[o][:] = src[o][index][:] of src [outer, n, block]: one rank's part of a dimension.
template <class T>
void slice(execution const& with, T const* src, T* dst, long outer, long n, long block, long index) {
    for (long o = 0; o < outer; ++o) copy(with, src + (o * n + index) * block, dst + o * block, block);
}

/// The gradient of `slice`: dst [outer, n, block] is src [outer, block] at `index` and zero elsewhere.
template <class T>
void zero_pad(execution const& with, T const* src, T* dst, long outer, long n, long block, long index) {
    for (long o = 0; o < outer; ++o) {
        T* const row = dst + o * n * block;
        fill(with, T(0), row, index * block);
        copy(with, src + o * block, row + index * block, block);
        fill(with, T(0), row + (index + 1) * block, (n - index - 1) * block);
    }
}

/// Rows of `from` elements as rows of `to`: dst [outer, to] is src [outer, from], cut or with zeros behind it.
template <class T>
void resize(execution const& with, T const* src, T* dst, long outer, long from, long to) {
    long const both = from < to ? from : to;
    for (long o = 0; o < outer; ++o) {
        copy(with, src + o * from, dst + o * to, both);
        fill(with, T(0), dst + o * to + both, to - both);
    }
}

}  // namespace shardtype::cpu
