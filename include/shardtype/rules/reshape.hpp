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
/// The change that lets a reshape through: gather the dimension that fails, from the failing axis inwards.
template <class X, class Axis>
struct gathered {
    static constexpr operand_fix make() {
        constexpr int at = X::mesh_type::template find<Axis>();
        layout const& x = X::value;
        operand_fix::change c;
        c.to = on_replicate;
        layout to = x;
        for (int o = x.on[at].order; o < x.shards(x.on[at].dim); ++o) {
            c.axis[c.axes++] = x.axis_at(x.on[at].dim, o);
            to = placed(to, c.axis[c.axes - 1], on_replicate);
        }
        c.bytes = static_cast<long>(convert(x, to).bytes);
        operand_fix out;
        out.of[out.changes++] = c;
        return out;
    }
    static constexpr operand_fix value = make();
    using fix = typename spelled_fix<gathered, typename X::mesh_type>::type;
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
    } else if constexpr (Shape::rank > max_rank) {
        using wanted = tensor<typename X::element, Shape, typename X::mesh_type>;
        return detail::failed<decltype(detail::raise<ST_T202<wanted>>())>();
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
