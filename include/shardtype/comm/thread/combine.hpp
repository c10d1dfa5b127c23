#pragma once

#include <shardtype/comm/communicator.hpp>

#include <cstring>
#include <shardtype/comm/lanes.hpp>
#include <type_traits>

namespace shardtype::thread::detail {

template <reduction Op, class V>
inline V apply(V const& a, V const& b) {
    if constexpr (Op == reduction::sum)
        return static_cast<V>(a + b);
    else if constexpr (std::is_same_v<V, xsimd::batch<int>>)
        return xsimd::max(a, b);  // xsimd 8.1 has no select of integers for AVX-512
    else if constexpr (xsimd::is_batch<V>::value)
        return xsimd::select(a < b, b, a);
    else
        return a < b ? b : a;
}

template <bool Own, class Batch, class T>
void store(Batch const& sum, T* target) {
    if constexpr (Own)
        simd::store(simd::load(target) + sum, target);
    else
        simd::store(sum, target);
}

/// targets[k][i] = sources[0][i] op sources[1][i] op ... in this order, for i in [from, to) and every target; with
/// Accumulate the target's own value plus that. An element is read from all sources before it is stored anywhere, so
/// a target may be one of the sources. One pass: each input and output crosses the memory bus once. bf16 is combined in
/// float and rounded once.
template <reduction Op, bool Accumulate = false, class T>
inline void combine(T const* const* sources, int inputs, T* const* targets, int outputs, long from, long to) {
    if (inputs < 1) return;
    long i = from;
    if constexpr (xsimd::has_simd_register<wide_t<T>>::value) {
        using batch = simd::pack<wide_t<T>>;
        constexpr long width = static_cast<long>(batch::size);
        constexpr long unroll = 4;  // independent sums hide the latency of add
        for (; i + unroll * width <= to; i += unroll * width) {
            T const* p = sources[0] + i;
            batch a = simd::load(p), b = simd::load(p + width);
            batch c = simd::load(p + 2 * width), d = simd::load(p + 3 * width);
            for (int r = 1; r < inputs; ++r) {
                p = sources[r] + i;
                a = apply<Op>(a, simd::load(p));
                b = apply<Op>(b, simd::load(p + width));
                c = apply<Op>(c, simd::load(p + 2 * width));
                d = apply<Op>(d, simd::load(p + 3 * width));
            }
            for (int k = 0; k < outputs; ++k) {
                T* const q = targets[k] + i;
                store<Accumulate>(a, q);
                store<Accumulate>(b, q + width);
                store<Accumulate>(c, q + 2 * width);
                store<Accumulate>(d, q + 3 * width);
            }
        }
        for (; i + width <= to; i += width) {
            batch a = simd::load(sources[0] + i);
            for (int r = 1; r < inputs; ++r) a = apply<Op>(a, simd::load(sources[r] + i));
            for (int k = 0; k < outputs; ++k) {
                store<Accumulate>(a, targets[k] + i);
            }
        }
    }
    for (; i < to; ++i) {
        wide_t<T> a = sources[0][i];
        for (int r = 1; r < inputs; ++r) a = apply<Op>(a, static_cast<wide_t<T>>(sources[r][i]));
        for (int k = 0; k < outputs; ++k) {
            if constexpr (Accumulate)
                targets[k][i] = static_cast<T>(targets[k][i] + a);
            else
                targets[k][i] = static_cast<T>(a);
        }
    }
}

/// Copies where source and target are disjoint, or one and the same.
template <class T>
inline void copy(T const* source, T* target, long count) {
    if (source != target && count > 0) std::memcpy(target, source, static_cast<std::size_t>(count) * sizeof(T));
}

/// Copies `rows` rows of `count` elements between disjoint arrays with these distances from row to row.
template <class T>
inline void copy_rows(T const* source, long source_step, T* target, long target_step, long rows, long count) {
    if (count == 1) {  // a transposition of single elements: no calls
        for (long i = 0; i < rows; ++i) target[i * target_step] = source[i * source_step];
        return;
    }
    for (long i = 0; i < rows; ++i) copy(source + i * source_step, target + i * target_step, count);
}

}  // namespace shardtype::thread::detail
