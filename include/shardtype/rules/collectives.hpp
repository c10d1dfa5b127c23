#pragma once

#include <shardtype/rules/redistribute.hpp>
#include <shardtype/rules/redistribution.hpp>
#include <shardtype/rules/report.hpp>

namespace shardtype {

namespace detail {

template <class X, class Axis, placement To>
struct moved {
    static constexpr int axis = X::mesh_type::template find<Axis>();
    static constexpr redistribution out = shardtype::redistribute(X::value, axis, To);
    static constexpr layout value = out.result;
};

/// Only the minor axis of its dimension's list moves: the one to move first.
template <class X, class Axis>
struct minor_of {
    static constexpr int dim = X::value.on[X::mesh_type::template find<Axis>()].dim;
    static constexpr int at = X::value.axis_at(dim, X::value.shards(dim) - 1);
    using fix = write<move_first<typename X::mesh_type::template axis_at<at>>>;
};

template <class Axis, placement To, class Name, class X>
constexpr auto move_one(X) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else {
        using result = moved<X, Axis, To>;
        constexpr code what = result::out.says.what;
        if constexpr (what == code::ok) {
            return tensor_like<X, result>{};
        } else if constexpr (what == code::shard_dimension) {
            return failed<decltype(raise<ST_P103<To.dim, Axis, X>>())>();
        } else if constexpr (what == code::not_divisible) {
            constexpr long parts = X::value.parts(To.dim) * Axis::size;
            return failed<decltype(raise<ST_T201<To.dim, X::value.extent[To.dim], parts, Axis, X>>())>();
        } else if constexpr (what == code::not_minor_axis) {
            return failed<decltype(report<what, typename minor_of<X, Axis>::fix, on_axis<Axis>, Name, X>())>();
        } else {
            return failed<decltype(report<what, no_single_change, on_axis<Axis>, Name, X>())>();
        }
    }
}

template <class X, class Axis>
inline constexpr placement placed_on = X::value.on[X::mesh_type::template find<Axis>()];

}  // namespace detail

/// Target of a collective: equal everywhere, gradient equal everywhere. Its backward sends nothing.
struct to_invariant {
    static constexpr placement value = on_invariant;  ///< as a value
};
/// Target of a collective: equal everywhere and used in a parallel region. Its backward sums the gradients.
struct to_replicate {
    static constexpr placement value = on_replicate;  ///< as a value
};

namespace names {
struct all_reduce {};
struct all_gather {};
struct reduce_scatter {};
struct all_to_all {};
}  // namespace names

namespace detail {
/// Whether X is placed as From on every one of these axes, of which there are several.
template <kind From, class X, class... Parts>
constexpr bool all_placed(type_list<Parts...>) {
    return (true && ... && (placed_on<X, Parts>.is == From));
}
template <class X, class Axis>
using parts_in = typename X::mesh_type::template parts_of<Axis>;
/// Whether X's mesh has parts of Axis in the place of it.
template <class X, class Axis>
inline constexpr bool in_parts = X::mesh_type::template count<Axis> == 0 &&
                                 all_known<typename X::mesh_type>(parts_in<X, Axis>{});

/// What to write instead of a collective over an axis on which X is not placed as From.
template <kind From, class X, class Axis>
constexpr auto misplaced() {
    constexpr int elsewhere = nth_of_kind(X::value, From, 0);
    constexpr kind here = placed_on<X, Axis>.is;
    constexpr bool whole = here == kind::replicate || here == kind::invariant;
    if constexpr (whole && (elsewhere < 0 || From == kind::shard)) {
        return write<remove_this_call>{};
    } else if constexpr (elsewhere >= 0) {
        return write<over_axis<typename X::mesh_type::template axis_at<elsewhere>>>{};
    } else {
        return no_single_change{};
    }
}

template <kind From, code Otherwise, class Axis, placement To, class Name, class X>
constexpr auto collective_from(X x) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (!valid<X>) {
        return failed<decltype(raise_invalid<X>())>();
    } else if constexpr (in_parts<X, Axis>) {
        if constexpr (all_placed<From, X>(parts_in<X, Axis>{})) {
            return shardtype::redistribute<typename spelled_placement<To, Axis>::type>(x);
        } else {
            return failed<decltype(report<Otherwise, no_single_change, on_axis<Axis>, Name, X>())>();
        }
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else if constexpr (placed_on<X, Axis>.is == From) {
        return move_one<Axis, To, Name>(x);
    } else {
        return failed<decltype(report<Otherwise, decltype(misplaced<From, X, Axis>()), on_axis<Axis>, Name, X>())>();
    }
}

/// What to write instead of another target.
template <class To>
struct target_fix {
    using type = no_single_change;
};
template <class... Axes>
struct target_fix<replicate<Axes...>> {
    using type = write<to_replicate>;
};
template <class... Axes>
struct target_fix<invariant<Axes...>> {
    using type = write<to_invariant>;
};
template <kind From, code Otherwise, class Axis, class To, class Name, class X>
constexpr auto collective_to(X x) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (same<To, to_invariant> || same<To, to_replicate>) {
        return collective_from<From, Otherwise, Axis, To::value, Name>(x);
    } else {
        return failed<
            decltype(report<code::collective_target, typename target_fix<To>::type, on_axis<Axis>, Name, X>())>();
    }
}
}  // namespace detail

/// Sum over Axis. The target decides the backward: `to_invariant` nothing, `to_replicate` another all_reduce.
/// Cost: 2(n-1)/n of the local bytes.
/// @pre partial on Axis [ST-C401]; To is one of the two targets [ST-C409]
/// @snippet 04_matmul.cpp forward
template <class Axis, class To, class X>
constexpr auto all_reduce(X x) {
    return detail::collective_to<kind::partial, code::not_partial, Axis, To, names::all_reduce>(x);
}

/// Makes a shard whole. `to_replicate`: backward is a reduce_scatter; `to_invariant`: a slice.
/// Cost: (n-1)/n of the gathered bytes.
/// @pre sharded on Axis [ST-C404], Axis the minor one of its dimension [ST-C402]; To is one of the two targets [ST-C409]
/// @snippet 02_shard_and_gather.cpp gather
template <class Axis, class To, class X>
constexpr auto all_gather(X x) {
    return detail::collective_to<kind::shard, code::not_sharded, Axis, To, names::all_gather>(x);
}

/// Sum over Axis of which each rank keeps its part of dimension Dim. Backward: an all_gather.
/// Cost: (n-1)/n of the local bytes.
/// @pre partial on Axis [ST-C401], dimension Dim divides [ST-T201]
template <class Axis, int Dim, class X>
constexpr auto reduce_scatter(X x) {
    return detail::collective_from<kind::partial, code::not_partial, Axis, on_shard(Dim), names::reduce_scatter>(x);
}

/// Moves Axis' shard to dimension Dim. Backward: an all_to_all.
/// Cost: (n-1)/n^2 of the unsharded bytes.
/// @pre sharded on Axis [ST-C404], Axis the minor one [ST-C402]
template <class Axis, int Dim, class X>
constexpr auto all_to_all(X x) {
    return detail::collective_from<kind::shard, code::not_sharded, Axis, on_shard(Dim), names::all_to_all>(x);
}

}  // namespace shardtype
