#pragma once
#include <array>
#include <cstddef>
#include <shardtype/comm/lanes.hpp>

namespace shardtype::detail::vec {

/// A register of what T is computed in: floats for bf16.
template <class T>
using batch = simd::pack<wide_t<T>>;

/// Lanes of a batch, as the signed type that the loops count in.
template <class T>
inline constexpr long lanes = simd::lanes<T>;

using simd::load;
using simd::store;

/// The first `count` lanes from memory, `rest` in the others; reads nothing past them.
template <class T>
batch<T> load_part(T const* p, long count, wide_t<T> rest = wide_t<T>(0)) {
    alignas(64) wide_t<T> lane[static_cast<std::size_t>(lanes<T>)];
    for (long i = 0; i < lanes<T>; ++i) lane[i] = i < count ? static_cast<wide_t<T>>(p[i]) : rest;
    return batch<T>::load_aligned(lane);
}

template <class T>
void store_part(batch<T> const& x, T* p, long count) {
    alignas(64) wide_t<T> lane[static_cast<std::size_t>(lanes<T>)];
    x.store_aligned(lane);
    for (long i = 0; i < count; ++i) p[i] = static_cast<T>(lane[i]);
}

/// out[o][i] = f(in[i]...)[o] for i in [begin, end). All inputs of a batch are read before its outputs are written, so
/// outputs may alias inputs of the same type. The tail runs the same vector code: a value does not depend on where a
/// block ends.
template <class T, std::size_t Outputs, class F, class... In>
void map(long begin, long end, F const& f, std::array<T*, Outputs> const& out, In const*... in) {
    long i = begin;
    for (; i + lanes<T> <= end; i += lanes<T>) {
        std::array<batch<T>, Outputs> const y = f(load(in + i)...);
        for (std::size_t o = 0; o < Outputs; ++o) store(y[o], out[o] + i);
    }
    if (i < end) {
        std::array<batch<T>, Outputs> const y = f(load_part(in + i, end - i)...);
        for (std::size_t o = 0; o < Outputs; ++o) store_part(y[o], out[o] + i, end - i);
    }
}

/// out[i] = f(in[i]...) for i in [0, n), or added to what is there.
template <class T, class F, class... In>
void map_or_add(bool add, long n, F const& f, T* out, In const*... in) {
    using values = std::array<batch<T>, 1>;
    if (add)
        map<T, 1>(
            0, n, [f](batch<T> const& old, auto const&... x) { return values{old + f(x...)}; }, {out},
            static_cast<T const*>(out), in...);
    else
        map<T, 1>(
            0, n, [f](auto const&... x) { return values{f(x...)}; }, {out}, in...);
}

/// Sum over i in [0, n) of f(in[i]...), where f of zeros is zero. Four running sums, added in a fixed order.
template <class T, class F, class... In>
wide_t<T> sum(long n, F const& f, In const*... in) {
    batch<T> const zero(wide_t<T>(0));
    batch<T> s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    constexpr long w = lanes<T>;
    long i = 0;
    for (; i + 4 * w <= n; i += 4 * w) {
        s0 += f(load(in + i)...);
        s1 += f(load(in + i + w)...);
        s2 += f(load(in + i + 2 * w)...);
        s3 += f(load(in + i + 3 * w)...);
    }
    for (; i + w <= n; i += w) s0 += f(load(in + i)...);
    if (i < n) s1 += f(load_part(in + i, n - i)...);
    return xsimd::hadd((s0 + s1) + (s2 + s3));
}

}  // namespace shardtype::detail::vec
