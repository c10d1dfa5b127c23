#pragma once
#include <shardtype/kernels/cuda/each.hpp>

// Elements moved as they are, so by their size alone: a kernel per size, not per type.

namespace shardtype::cuda {

namespace detail {

/// Bytes that are moved together.
/// @{
template <int Bytes>
struct unit_of {
    using type = chunk<unsigned, Bytes / 4>;
};
template <>
struct unit_of<2> {
    using type = chunk<unsigned short, 1>;
};
/// @}

/// dst [outer, to] is src at [shift, shift + count) of each row and zero elsewhere; src's rows are `from` apart. All in units.
struct placement {
    long to, from, shift, count;
};

template <class Unit>
struct place_op {
    static constexpr int width = 1, least = 1, unroll = 4;
    Unit const* src;
    Unit* dst;
    placement at;

    template <int>
    using piece = Unit;
    template <int, bool>
    __device__ __forceinline__ Unit load(long i) const {
        long const row = quotient(i, at.to);
        long const column = i - row * at.to - at.shift;
        return column >= 0 && column < at.count ? src[row * at.from + column] : Unit{};
    }
    template <int, bool>
    __device__ __forceinline__ void store(long i, Unit const& x) const {
        dst[i] = x;
    }
};

template <int Bytes, class T>
bool try_place(execution const& with, T const* src, T* dst, long outer, placement at) {
    using unit = typename unit_of<Bytes>::type;
    constexpr long per_unit = Bytes / static_cast<long>(sizeof(T));
    auto const fits = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % Bytes == 0; };
    bool const whole = (at.to % per_unit | at.from % per_unit | at.shift % per_unit | at.count % per_unit) == 0;
    if (!whole || !fits(src) || !fits(dst)) return false;
    placement const in_units{at.to / per_unit, at.from / per_unit, at.shift / per_unit, at.count / per_unit};
    each(with, place_op<unit>{reinterpret_cast<unit const*>(src), reinterpret_cast<unit*>(dst), in_units},
         outer * in_units.to, true);
    return true;
}

template <class T>
void place(execution const& with, T const* src, T* dst, long outer, placement const& at) {
    if (try_place<16>(with, src, dst, outer, at)) return;
    if constexpr (sizeof(T) < 4)
        if (try_place<4>(with, src, dst, outer, at)) return;
    try_place<sizeof(T)>(with, src, dst, outer, at);
}

}  // namespace detail

/// out = in over n elements that do not overlap.
template <class T>
void copy(execution const& with, T const* in, T* out, long n) {
    constexpr long per_unit = width_of<T>;
    long const whole = aligned(in, out) ? n - n % per_unit : 0;
    if (whole > 0) detail::place(with, in, out, 1, {whole, whole, 0, whole});
    if (whole < n) detail::place(with, in + whole, out + whole, 1, {n - whole, n - whole, 0, n - whole});
}

/// dst[o][:] = src[o][index][:] of src [outer, n, block]: one rank's part of a dimension.
template <class T>
void slice(execution const& with, T const* src, T* dst, long outer, long n, long block, long index) {
    detail::place(with, src + index * block, dst, outer, {block, n * block, 0, block});
}

/// The gradient of `slice`: dst [outer, n, block] is src [outer, block] at `index` and zero elsewhere.
template <class T>
void zero_pad(execution const& with, T const* src, T* dst, long outer, long n, long block, long index) {
    detail::place(with, src, dst, outer, {n * block, block, index * block, block});
}

/// Rows of `from` elements as rows of `to`: dst [outer, to] is src [outer, from], cut or with zeros behind it.
template <class T>
void resize(execution const& with, T const* src, T* dst, long outer, long from, long to) {
    detail::place(with, src, dst, outer, {to, from, 0, from < to ? from : to});
}

}  // namespace shardtype::cuda
