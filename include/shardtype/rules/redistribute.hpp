#pragma once

#include <shardtype/rules/conversion.hpp>
#include <shardtype/rules/operation.hpp>
#include <shardtype/rules/reshape.hpp>

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
            return tensor_of<typename X::element, typename X::mesh_type, result>{};
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

template <class X>
constexpr auto move_all(X x, type_list<>) {
    return x;
}
template <class X, class Head, class... Tail>
constexpr auto move_all(X x, type_list<Head, Tail...>) {
    return move_all(Head::apply(x), type_list<Tail...>{});
}

struct redistribute_name {};
template <class Axis, placement To>
struct hop_to {
    template <class X>
    static constexpr auto apply(X x) {
        return move_one<Axis, To, redistribute_name>(x);
    }
};
template <class P>
struct hops_of;
template <int D, class... A>
struct hops_of<shard<D, A...>> {
    using type = type_list<hop_to<A, on_shard(D)>...>;
};
// Whole again from the minor axis outwards: the list is written major first, so it is walked backwards.
template <placement To, class... A>
struct reversed_hops {
    using type = type_list<>;
};
template <placement To, class Head, class... Tail>
struct reversed_hops<To, Head, Tail...> {
    using type = concat_t<typename reversed_hops<To, Tail...>::type, type_list<hop_to<Head, To>>>;
};
template <class... A>
struct hops_of<replicate<A...>> : reversed_hops<on_replicate, A...> {};
template <class... A>
struct hops_of<invariant<A...>> : reversed_hops<on_invariant, A...> {};
template <class... A>
struct hops_of<partial<A...>> : reversed_hops<on_partial, A...> {};

}  // namespace detail

/// Target of a collective: equal everywhere, gradient equal everywhere. Its backward sends nothing.
struct to_invariant {
    static constexpr placement value = on_invariant;  ///< as a value
};
/// Target of a collective: equal everywhere and used in a parallel region. Its backward sums the gradients.
struct to_replicate {
    static constexpr placement value = on_replicate;  ///< as a value
};

namespace detail {
/// Whether a shard's axes came to lie in the order written, the major one first.
template <class Result, class Placement>
constexpr bool in_written_order(Placement*) {
    return true;
}
template <class Result, int Dim, class... Axes>
constexpr bool in_written_order(shard<Dim, Axes...>*) {
    int const order[] = {Result::value.on[Result::mesh_type::template find<Axes>()].order...};
    for (int i = 1; i < static_cast<int>(sizeof...(Axes)); ++i)
        if (order[i] < order[i - 1]) return false;
    return true;
}
}  // namespace detail

/// Changes the placement on the axes that are named, placement by placement; the others stay. In a list of axes shards
/// are made from the first axis on, and made whole from the last one back.
/// `redistribute<shard<1, tp>>(y)`: from partial a reduce_scatter, from invariant a slice.
/// @pre the axes of a shard come to lie in the order written [ST-C402]
/// @snippet 03_compile_error.cpp right
template <class... Placements, class X>
constexpr auto redistribute(X x) {
    using result = decltype(detail::move_all(x, detail::concat_t<typename detail::hops_of<Placements>::type...>{}));
    if constexpr (detail::any_failed<result>) {
        return ill_typed{};
    } else if constexpr (!(true && ... && detail::in_written_order<result>(static_cast<Placements*>(nullptr)))) {
        using check = ST_C402<no_single_change, on_axis<void>, detail::redistribute_name, X, Placements...>;
        return detail::failed<decltype(detail::raise<check>())>();
    } else {
        return result{};
    }
}

namespace names {
struct all_reduce {};
struct all_gather {};
struct reduce_scatter {};
struct all_to_all {};
struct reshape {};
struct update {};
struct backward_from {};
}  // namespace names

namespace detail {
template <kind From, code Otherwise, class Axis, placement To, class Name, class X>
constexpr auto collective_from(X x) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else if constexpr (placed_on<X, Axis>.is == From) {
        return move_one<Axis, To, Name>(x);
    } else if constexpr (placed_on<X, Axis>.is == kind::replicate || placed_on<X, Axis>.is == kind::invariant) {
        return failed<decltype(report<Otherwise, write<remove_this_call>, on_axis<Axis>, Name, X>())>();
    } else {
        return failed<decltype(report<Otherwise, no_single_change, on_axis<Axis>, Name, X>())>();
    }
}
}  // namespace detail

/// Sum over Axis. The target decides the backward: `to_invariant` nothing, `to_replicate` another all_reduce.
/// Cost: 2(n-1)/n of the local bytes.
/// @pre partial on Axis [ST-C401]
/// @snippet 04_matmul.cpp redistribute
template <class Axis, class To, class X>
constexpr auto all_reduce(X x) {
    return detail::collective_from<kind::partial, code::not_partial, Axis, To::value, names::all_reduce>(x);
}

/// Makes a shard whole. `to_replicate`: backward is a reduce_scatter; `to_invariant`: a slice.
/// Cost: (n-1)/n of the gathered bytes.
/// @pre sharded on Axis [ST-C404], Axis the minor one of its dimension [ST-C402]
/// @snippet 02_shard_and_gather.cpp gather
template <class Axis, class To, class X>
constexpr auto all_gather(X x) {
    return detail::collective_from<kind::shard, code::not_sharded, Axis, To::value, names::all_gather>(x);
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

namespace detail {
template <class X, class Shape>
struct reshaped;
template <class X, long... E>
struct reshaped<X, shape<E...>> {
    static constexpr long extent[sizeof...(E) == 0 ? 1 : sizeof...(E)] = {E...};
    static constexpr reshaping out = shardtype::reshape(X::value, static_cast<int>(sizeof...(E)), extent);
    static constexpr layout value = out.result;
};
}  // namespace detail

namespace detail {
/// The change that lets a reshape through: gather the axis before.
template <class X, class Axis>
struct gathered {
    static constexpr int at = X::mesh_type::template find<Axis>();
    static constexpr long cost = static_cast<long>(redistribution_bytes(X::value, at, on_replicate));
    using fix = write<redistribute_operand<0, replicate<Axis>, bytes<cost>>>;
};
}  // namespace detail

/// The same elements under another shape. Cost: none.
/// @pre [ST-R311], [ST-R312], even parts [ST-T201]
template <class Shape, class X>
constexpr auto reshape(X) {
    if constexpr (detail::any_failed<X>) {
        return ill_typed{};
    } else {
        using result = detail::reshaped<X, Shape>;
        constexpr verdict says = result::out.says;
        if constexpr (says.legal()) {
            return tensor_of<typename X::element, typename X::mesh_type, result>{};
        } else {
            using axis = typename X::mesh_type::template axis_at<says.axis>;
            if constexpr (says.what == code::not_divisible) {
                constexpr int dim = result::out.dim;
                constexpr long parts = X::value.parts(X::value.on[says.axis].dim);
                return detail::failed<decltype(detail::raise<ST_T201<dim, result::extent[dim], parts, axis, X>>())>();
            } else if constexpr (says.what == code::reshape_of_shard) {
                using check = ST_R311<typename detail::gathered<X, axis>::fix, on_axis<axis>, names::reshape, X, Shape>;
                return detail::failed<decltype(detail::raise<check>())>();
            } else {
                return detail::failed<
                    decltype(detail::report<says.what, no_single_change, on_axis<void>, names::reshape, X, Shape>())>();
            }
        }
    }
}

}  // namespace shardtype
