#pragma once

#include <shardtype/rules/parameter.hpp>

namespace shardtype {

/// The element of a sum of squares: a double that only `global_norm` takes, so that the root is not forgotten.
struct squared_norm {
    double value = 0;  ///< sum of the squares
};
/// The element of a norm of all gradients: a double that only `clip` takes.
struct gradient_norm {
    double value = 0;  ///< its root, over all gradients
};
template <>
inline constexpr bool is_element<squared_norm> = true;
template <>
inline constexpr bool is_element<gradient_norm> = true;
template <>
inline constexpr dtype dtype_of<squared_norm> = dtype::f64;
template <>
inline constexpr dtype dtype_of<gradient_norm> = dtype::f64;

namespace names {
struct square_sum {};
struct global_norm {};
struct clip {};
}  // namespace names

/// Where the sum of squares of a gradient's elements lies: partial over the axes that split the gradient, and invariant
/// over the others, so that what every rank holds counts once. @pre x is shard or invariant on every axis
constexpr layout square_sum(layout const& x) {
    layout y;
    y.type = dtype::f64;
    y.axes = x.axes;
    for (int a = 0; a < x.axes; ++a) {
        y.axis_size[a] = x.axis_size[a];
        if (x.on[a].is == kind::shard) y.on[a] = on_partial;
    }
    return y;
}

namespace detail {

template <class X>
struct squared {
    static constexpr layout value = square_sum(X::value);
};

/// The first axis on which two gradients of one group are split differently, or -1.
constexpr int differently_split(layout const& x, layout const& y) {
    for (int a = 0; a < x.axes; ++a)
        if ((x.on[a].is == kind::shard) != (y.on[a].is == kind::shard)) return a;
    return -1;
}

/// The first of these that is not a scalar of such elements, or -1.
template <class Element, class... X>
constexpr int not_of() {
    int at = -1, i = 0;
    ((at = at < 0 && !(same<typename X::element, Element> && X::value.rank == 0) ? i : at, ++i), ...);
    return at;
}

/// Refuses a partial scalar where a sum over all ranks is wanted.
template <int Operand, int Axis, class Operation, class... X>
constexpr auto report_unsummed() {
    using axis = typename pick<0, X...>::type::mesh_type::template axis_at<Axis>;
    using norm = typename pick<Operand, X...>::type;
    constexpr long cost = static_cast<long>(redistribution_bytes(norm::value, Axis, on_invariant));
    using fix = write<redistribute_operand<Operand, invariant<axis>, bytes<cost>>>;
    return report<code::partial_operand, fix, on_axis<axis>, Operation, X...>();
}

}  // namespace detail

/// The squares of these gradients' elements, summed on each rank: a tensor<squared_norm, shape<>>, partial on the axes that
/// split the gradients. One call takes the gradients that are split alike; a replicated one counts once.
/// @pre stored placements [ST-S601], summed over the ranks [ST-R302], all split over the same axes [ST-G504]
template <class First, class... Rest>
constexpr auto square_sum(First, Rest... rest) {
    if constexpr (detail::any_failed<First, Rest...>) {
        return ill_typed{};
    } else if constexpr (!detail::all_valid<First, Rest...>) {
        return detail::failed<decltype(detail::raise_invalid<First, Rest...>())>();
    } else if constexpr (is_constant<First>) {
        return detail::failed<decltype(detail::report<code::gradient_lost, no_single_change, on_axis<void>,
                                                      names::square_sum, First, Rest...>())>();
    } else if constexpr (!detail::one_mesh<First, Rest...>) {
        return detail::failed<decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>,
                                                      names::square_sum, First, Rest...>())>();
    } else {
        using mesh = typename First::mesh_type;
        constexpr int unsummed = detail::nth_of_kind(First::value, kind::partial, 0);
        constexpr int bad = detail::first_unstorable(First::value);
        if constexpr (unsummed >= 0) {
            return detail::failed<decltype(detail::report_unsummed<0, unsummed, names::square_sum, First>())>();
        } else if constexpr (bad >= 0) {
            return detail::failed<decltype(detail::report_stored<bad, names::square_sum, First>())>();
        } else if constexpr (sizeof...(Rest) == 0) {
            return tensor_of<squared_norm, mesh, detail::squared<First>>{};
        } else {
            using others = decltype(square_sum(rest...));
            if constexpr (detail::any_failed<others>) {
                return ill_typed{};
            } else {
                using second = typename detail::pick<0, Rest...>::type;
                constexpr int apart = detail::differently_split(First::value, second::value);
                if constexpr (apart >= 0) {
                    using axis = on_axis<typename mesh::template axis_at<apart>>;
                    return detail::failed<decltype(detail::report<code::norm_group, write<separate_calls>, axis,
                                                                  names::square_sum, First, Rest...>())>();
                } else {
                    return others{};
                }
            }
        }
    }
}

/// The square root of the sum of these sums of squares.
/// @pre sums of squares [ST-R309], each summed over all the ranks that hold parts of it [ST-R302]
template <class... Squares>
constexpr auto global_norm(Squares...) {
    if constexpr (detail::any_failed<Squares...>) {
        return ill_typed{};
    } else if constexpr (!detail::all_valid<Squares...>) {
        return detail::failed<decltype(detail::raise_invalid<Squares...>())>();
    } else if constexpr (detail::not_of<squared_norm, Squares...>() >= 0) {
        using fix = write<operand_element<detail::not_of<squared_norm, Squares...>(), squared_norm>>;
        return detail::failed<
            decltype(detail::report<code::shapes_disagree, fix, on_axis<void>, names::global_norm, Squares...>())>();
    } else if constexpr (!detail::one_mesh<Squares...>) {
        return detail::failed<decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>,
                                                      names::global_norm, Squares...>())>();
    } else {
        constexpr int unsummed[] = {detail::nth_of_kind(Squares::value, kind::partial, 0)...};
        constexpr int at = [&] {
            for (int i = 0; i < static_cast<int>(sizeof...(Squares)); ++i)
                if (unsummed[i] >= 0) return i;
            return -1;
        }();
        if constexpr (at >= 0) {
            return detail::failed<
                decltype(detail::report_unsummed<at, unsummed[at], names::global_norm, Squares...>())>();
        } else {
            using first = typename detail::pick<0, Squares...>::type;
            return tensor_of<gradient_norm, typename first::mesh_type, detail::squared<first>>{};
        }
    }
}

/// A gradient scaled by a global norm: of the gradient's type. @pre a `global_norm` [ST-R309]
template <class Gradient, class Norm>
constexpr auto clip(Gradient gradient, Norm) {
    if constexpr (detail::any_failed<Gradient, Norm>) {
        return ill_typed{};
    } else if constexpr (!detail::all_valid<Gradient, Norm>) {
        return detail::failed<decltype(detail::raise_invalid<Gradient, Norm>())>();
    } else if constexpr (detail::not_of<gradient_norm, Norm>() >= 0) {
        return detail::failed<decltype(detail::report<code::shapes_disagree, write<operand_element<1, gradient_norm>>,
                                                      on_axis<void>, names::clip, Gradient, Norm>())>();
    } else if constexpr (!detail::one_mesh<Gradient, Norm>) {
        return detail::failed<decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>, names::clip,
                                                      Gradient, Norm>())>();
    } else {
        constexpr int unsummed = detail::nth_of_kind(Norm::value, kind::partial, 0);
        if constexpr (unsummed >= 0) {
            return detail::failed<decltype(detail::report_unsummed<1, unsummed, names::clip, Gradient, Norm>())>();
        } else {
            return gradient;
        }
    }
}

}  // namespace shardtype
