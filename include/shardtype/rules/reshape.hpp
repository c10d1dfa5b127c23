#pragma once

#include <shardtype/rules/operation.hpp>
#include <shardtype/rules/reshaping.hpp>
#include <shardtype/tensor/valid.hpp>

namespace shardtype {

namespace names {
struct reshape {};
}  // namespace names

namespace detail {
template <class X, class Shape>
struct reshaped;
template <class X, long... E>
struct reshaped<X, shape<E...>> {
    static constexpr long extent[sizeof...(E) == 0 ? 1 : sizeof...(E)] = {E...};
    static constexpr reshaping out = shardtype::reshape(X::value, static_cast<int>(sizeof...(E)), extent);
    static constexpr layout value = out.result;
};
/// The change that lets a reshape through: gather the axis before.
template <class X, class Axis>
struct gathered {
    static constexpr int at = X::mesh_type::template find<Axis>();
    static constexpr long cost = static_cast<long>(redistribution_bytes(X::value, at, on_replicate));
    using fix = write<redistribute_operand<0, replicate<Axis>, bytes<cost>>>;
};
}  // namespace detail

/// The same elements under another shape. Cost: none.
/// @pre [ST-R311], [ST-R312], [ST-R314], even parts [ST-T201]
template <class Shape, class X>
constexpr auto reshape(X) {
    if constexpr (detail::any_failed<X>) {
        return ill_typed{};
    } else if constexpr (!valid<X>) {
        return detail::failed<decltype(detail::raise_invalid<X>())>();
    } else {
        using result = detail::reshaped<X, Shape>;
        constexpr verdict says = result::out.says;
        if constexpr (says.legal()) {
            return detail::tensor_like<X, result>{};
        } else {
            using axis = typename X::mesh_type::template axis_at<says.axis>;
            if constexpr (says.what == code::not_divisible) {
                constexpr int dim = result::out.dim;
                constexpr long parts = X::value.parts(X::value.on[says.axis].dim);
                return detail::failed<decltype(detail::raise<ST_T201<dim, result::extent[dim], parts, axis, X>>())>();
            } else if constexpr (says.what == code::reshape_of_shard || says.what == code::padded_operand) {
                return detail::failed<decltype(detail::report<says.what, typename detail::gathered<X, axis>::fix,
                                                              on_axis<axis>, names::reshape, X, Shape>())>();
            } else {
                return detail::failed<
                    decltype(detail::report<says.what, no_single_change, on_axis<void>, names::reshape, X, Shape>())>();
            }
        }
    }
}

}  // namespace shardtype
