#pragma once

#include <shardtype/comm/communicator.hpp>

#include <cstring>
#include <shardtype/comm/xsimd.hpp>

namespace shardtype::thread::detail {

template <reduction Op, class V>
inline V apply(V const& a, V const& b) {
    if constexpr (Op == reduction::sum)
        return static_cast<V>(a + b);
    else if constexpr (xsimd::is_batch<V>::value)
        return xsimd::select(a < b, b, a);
    else
        return a < b ? b : a;
}

/// targets[k][i] = sources[0][i] op sources[1][i] op ... in this order, for i in [from, to) and every target; with
/// Accumulate the target's own value plus that. An element is read from all sources before it is stored anywhere, so
/// a target may be one of the sources. One pass: each input and output crosses the memory bus once.
template <reduction Op, bool Accumulate = false, class T>
inline void combine(T const* const* sources, int inputs, T* const* targets, int outputs, long from, long to) {
    long i = from;
    if constexpr (xsimd::has_simd_register<T>::value) {
        using batch = xsimd::batch<T>;
        constexpr long width = static_cast<long>(batch::size);
        constexpr long unroll = 4;  // independent sums hide the latency of add
        for (; i + unroll * width <= to; i += unroll * width) {
            T const* p = sources[0] + i;
            batch a = batch::load_unaligned(p), b = batch::load_unaligned(p + width);
            batch c = batch::load_unaligned(p + 2 * width), d = batch::load_unaligned(p + 3 * width);
            for (int r = 1; r < inputs; ++r) {
                p = sources[r] + i;
                a = apply<Op>(a, batch::load_unaligned(p));
                b = apply<Op>(b, batch::load_unaligned(p + width));
                c = apply<Op>(c, batch::load_unaligned(p + 2 * width));
                d = apply<Op>(d, batch::load_unaligned(p + 3 * width));
            }
            for (int k = 0; k < outputs; ++k) {
                T* const q = targets[k] + i;
                if constexpr (Accumulate) {
                    a = batch::load_unaligned(q) + a, b = batch::load_unaligned(q + width) + b;
                    c = batch::load_unaligned(q + 2 * width) + c, d = batch::load_unaligned(q + 3 * width) + d;
                }
                a.store_unaligned(q), b.store_unaligned(q + width);
                c.store_unaligned(q + 2 * width), d.store_unaligned(q + 3 * width);
            }
        }
        for (; i + width <= to; i += width) {
            batch a = batch::load_unaligned(sources[0] + i);
            for (int r = 1; r < inputs; ++r) a = apply<Op>(a, batch::load_unaligned(sources[r] + i));
            for (int k = 0; k < outputs; ++k) {
                if constexpr (Accumulate) a = batch::load_unaligned(targets[k] + i) + a;
                a.store_unaligned(targets[k] + i);
            }
        }
    }
    for (; i < to; ++i) {
        T a = sources[0][i];
        for (int r = 1; r < inputs; ++r) a = apply<Op>(a, sources[r][i]);
        for (int k = 0; k < outputs; ++k) {
            if constexpr (Accumulate) a = static_cast<T>(targets[k][i] + a);
            targets[k][i] = a;
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
