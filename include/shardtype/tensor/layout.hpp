#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/mesh/mesh.hpp>
#include <shardtype/placement/placement.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype {

/// A tensor has at most so many dimensions.
inline constexpr int max_rank = 4;

/// A tensor type as a value: its global extents, the sizes of its mesh's axes and its placement on each of them.
struct layout {
    dtype type = dtype::f32;    ///< of the elements
    int rank = 0;               ///< dimensions
    int axes = 0;               ///< of the mesh
    long extent[max_rank]{};    ///< global, outermost first
    int axis_size[max_axes]{};  ///< devices along each axis
    placement on[max_axes]{};   ///< on each axis

    /// Memberwise.
    constexpr bool operator==(layout const&) const = default;

    /// How many axes split dimension `dim`.
    constexpr int shards(int dim) const {
        int n = 0;
        for (int a = 0; a < axes; ++a)
            if (on[a].is == kind::shard && on[a].dim == dim) ++n;
        return n;
    }
    /// The axis at place `order` of the list of dimension `dim`, or -1.
    constexpr int axis_at(int dim, int order) const {
        for (int a = 0; a < axes; ++a)
            if (on[a].is == kind::shard && on[a].dim == dim && on[a].order == order) return a;
        return -1;
    }
    /// Into how many parts dimension `dim` is split.
    constexpr long parts(int dim) const {
        long n = 1;
        for (int a = 0; a < axes; ++a)
            if (on[a].is == kind::shard && on[a].dim == dim) n *= axis_size[a];
        return n;
    }
    /// Whether the parts of dimension `dim` are uneven, the last ones padded with zeros.
    constexpr bool padded(int dim) const {
        for (int a = 0; a < axes; ++a)
            if (on[a].padded && on[a].dim == dim) return true;
        return false;
    }
    /// The first axis whose parts are padded, or -1.
    constexpr int padded_axis() const {
        for (int a = 0; a < axes; ++a)
            if (on[a].padded) return a;
        return -1;
    }
    /// The extent of dimension `dim` on one rank, with the padding.
    constexpr long local(int dim) const {
        long const n = parts(dim);
        return (extent[dim] + n - 1) / n;
    }
    /// Elements that one rank holds, with the padding.
    constexpr long local_count() const {
        long n = 1;
        for (int d = 0; d < rank; ++d) n *= local(d);
        return n;
    }
    /// Bytes that one rank holds.
    constexpr long local_bytes() const { return local_count() * bytes_of(type); }
    /// Elements of the whole tensor.
    constexpr long count() const {
        long n = 1;
        for (int d = 0; d < rank; ++d) n *= extent[d];
        return n;
    }
    /// Bytes of the whole tensor.
    constexpr long bytes() const { return count() * bytes_of(type); }

    /// The first global index along `dim` that the rank with these coordinates holds; the minor axis is the fastest.
    constexpr long offset(int dim, int const* coordinate) const {
        long begin = 0, size = extent[dim];
        for (int order = 0, n = shards(dim); order < n; ++order) {
            int const a = axis_at(dim, order);
            long const part = (size + axis_size[a] - 1) / axis_size[a], past = part * coordinate[a];
            begin += past < size ? past : size;
            size = part;
        }
        return begin;
    }
    /// How many of the `local(dim)` indices are real there, and not padding behind them.
    constexpr long real(int dim, int const* coordinate) const {
        long size = extent[dim];
        for (int order = 0, n = shards(dim); order < n; ++order) {
            int const a = axis_at(dim, order);
            long const part = (size + axis_size[a] - 1) / axis_size[a], left = size - part * coordinate[a];
            size = left < 0 ? 0 : left < part ? left : part;
        }
        return size;
    }

    /// Local elements before `dim`: a tensor seen as [outer][local(dim)][inner].
    constexpr long outer(int dim) const {
        long n = 1;
        for (int d = 0; d < dim; ++d) n *= local(d);
        return n;
    }
    /// Local elements after `dim`.
    constexpr long inner(int dim) const {
        long n = 1;
        for (int d = dim + 1; d < rank; ++d) n *= local(d);
        return n;
    }
};

/// Whether two layouts have one global shape, whatever their elements and placements.
constexpr bool same_extents(layout const& x, layout const& y) {
    bool equal = x.rank == y.rank;
    for (int d = 0; d < x.rank; ++d) equal = equal && x.extent[d] == y.extent[d];
    return equal;
}

/// The layout of the gradient: every placement replaced by its dual. Local shapes are equal.
constexpr layout dual(layout x) {
    for (int a = 0; a < x.axes; ++a) x.on[a] = dual(x.on[a]);
    return x;
}

/// x with the flags of its padded shards where they belong: on the minor axis of a list whose parts are uneven.
constexpr layout with_padding_in_place(layout x) {
    if (x.padded_axis() < 0) return x;
    for (int d = 0; d < x.rank; ++d) {
        if (!x.padded(d)) continue;
        int const minor = x.axis_at(d, x.shards(d) - 1);
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].dim == d) x.on[a].padded = false;
        if (minor >= 0) x.on[minor].padded = x.extent[d] % x.parts(d) != 0;
    }
    return x;
}

/// x with axis number `axis` placed anew: out of its dimension's list, and as the minor axis of the new one.
constexpr layout placed(layout x, int axis, placement to) {
    placement const was = x.on[axis];
    x.on[axis] = on_invariant;
    for (int a = 0; a < x.axes && was.is == kind::shard; ++a)
        if (x.on[a].is == kind::shard && x.on[a].dim == was.dim && x.on[a].order > was.order) --x.on[a].order;
    if (to.is == kind::shard) to.order = static_cast<signed char>(x.shards(to.dim));
    x.on[axis] = to;
    return with_padding_in_place(x);
}

/// What `fault_of` finds: the first fault, on which axis, at which dimension.
struct layout_fault {
    code what = code::ok;  ///< ok, or the number of the fault
    int axis = 0;          ///< where a shard is at fault
    int dim = 0;           ///< of the tensor
};

/// What is wrong with a layout by itself, before any operation.
constexpr layout_fault fault_of(layout const& x) {
    for (int d = 0; d < x.rank; ++d)
        if (x.extent[d] < 1) return {code::extent_below_one, 0, d};
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::shard && (x.on[a].dim < 0 || x.on[a].dim >= x.rank))
            return {code::shard_dimension, a, x.on[a].dim};
    // From the major axis inwards, so that the axis named is the one at which the parts cease to be even.
    for (int d = 0; d < x.rank; ++d) {
        if (x.extent[d] % x.parts(d) == 0) continue;
        long parts = 1;
        for (int order = 0, n = x.shards(d); order < n; ++order) {
            int const a = x.axis_at(d, order);
            if (a < 0) break;
            parts *= x.axis_size[a];
            if (x.extent[d] % parts != 0 && !x.on[a].padded) return {code::not_divisible, a, d};
        }
    }
    return {};
}

}  // namespace shardtype
