#pragma once

namespace shardtype {

/// The tensor's dimension Dim is split over these axes, the major one first: `shard<0, tp, dp>` splits rows over tp
/// and each of the parts over dp. Gradient: the same shard.
/// @snippet 01_mesh_and_tensor.cpp tensor
template <int Dim, class... Axes>
struct shard {};
/// A shard whose last parts are not full, where `shard` would be an error: the minor axis (the last one) does not divide
/// what the axes before it leave. Each rank of it has room for the extent divided and rounded up; the last ranks hold
/// fewer real elements, or none, and zeros behind them: 10 rows over 4 are 3, 3, 3, 1. For stored parameters and
/// redistributions; operations refuse it [ST-R314]. Gradient: the same.
/// Where the parts are even it is spelled `shard` [ST-P101].
template <int Dim, class... Axes>
struct padded_shard {};
/// Equal on every rank of these axes and *used* inside a parallel region. Gradient: partial.
template <class... Axes>
struct replicate {};
/// Each rank holds one summand; the value is their sum over these axes. Gradient: replicate.
/// @snippet 04_matmul.cpp forward
template <class... Axes>
struct partial {};
/// Equal on every rank, the ordinary case and the default of an axis that is not named. Gradient: invariant.
/// Written only as the target of a redistribution.
template <class... Axes>
struct invariant {};

/// The four placements without their axes.
enum class kind : unsigned char { invariant, replicate, shard, partial };

/// What a tensor is on one mesh axis, as a value.
struct placement {
    kind is = kind::invariant;  ///< which of the four
    signed char dim = 0;        ///< the dimension that a shard splits
    signed char order = 0;      ///< a shard's place in the dimension's list of axes, 0 the major one
    bool padded = false;        ///< a shard whose parts are uneven; only ever the minor one of its list
    /// Memberwise.
    constexpr bool operator==(placement const&) const = default;
};

/// Values of `placement`, to compare with and to redistribute to.
/// @{
inline constexpr placement on_invariant{};
inline constexpr placement on_replicate{kind::replicate, 0, 0};
inline constexpr placement on_partial{kind::partial, 0, 0};
/// @}
/// A shard of dimension `dim`, the major one. (A dimension that no tensor has stays one that no tensor has.)
constexpr placement on_shard(int dim) {
    return {kind::shard, static_cast<signed char>(dim < 0 || dim > 127 ? 127 : dim), 0};
}
/// The same, padded where the parts turn out uneven.
constexpr placement on_padded_shard(int dim) {
    placement p = on_shard(dim);
    p.padded = true;
    return p;
}

/// The placement of the gradient of what is placed so. An involution.
constexpr placement dual(placement p) {
    if (p.is == kind::replicate) return on_partial;
    if (p.is == kind::partial) return on_replicate;
    return p;
}

}  // namespace shardtype
