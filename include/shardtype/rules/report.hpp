#pragma once

#include <shardtype/rules/checks.hpp>
#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/spelled_fix.hpp>
#include <shardtype/tensor/constant.hpp>

namespace shardtype {

namespace detail {

template <class... X>
inline constexpr bool any_failed = (false || ... || same<X, ill_typed>);

template <class First, class... Rest>
inline constexpr bool one_mesh = (true && ... && same<typename First::mesh_type, typename Rest::mesh_type>);

/// The operands of constant types, as a mask.
template <class... X>
constexpr unsigned constants_of() {
    unsigned mask = 0, bit = 1;
    ((mask |= is_constant<X> ? bit : 0U, bit <<= 1U), ...);
    return mask;
}

/// An operation's verdict on operand types, kept as a value.
template <class Rule, class... X>
struct inferred {
    static constexpr layout in[sizeof...(X)] = {X::value...};
    static constexpr rule given = Rule::value.with_constants(constants_of<X...>());
    static constexpr inference out = infer(given, in);
    static constexpr layout value = out.result;
};

/// What an operation returns that failed: Raised is the unevaluated call of `raise` or `report`.
template <class Raised>
constexpr ill_typed failed() {
    return {};
}

/// A type as its own text: nvcc prints the user's alias of a tensor otherwise.
template <class X>
struct written_out {
    using type = X;
};
template <class T, long... Extents, class... Axes, class... Placements>
struct written_out<tensor<T, shape<Extents...>, mesh<Axes...>, Placements...>> {
    using type = tensor<T, shape<Extents...>, mesh<Axes...>, Placements...>;
};

/// Raises the numbered check of a verdict's code; unevaluated, as `raise`.
template <code What, class Fix, class Axis, class Operation, class... X>
constexpr auto report() {
    (void)sizeof(typename check_of<What>::template with<Fix, Axis, Operation, typename written_out<X>::type...>);
    return 0;
}

/// The first axis on which two layouts differ, or 0.
constexpr int first_difference(layout const& x, layout const& y) {
    for (int a = 0; a < x.axes; ++a)
        if (!(x.on[a] == y.on[a])) return a;
    return 0;
}
/// Of one shape and element type, wherever they lie.
constexpr bool same_shape(layout const& x, layout const& y) { return x.type == y.type && same_extents(x, y); }

/// Raises G501: what makes of the given gradient the one expected, if a redistribution does.
template <class Expected, class Given, class Operation, class... X>
constexpr auto report_gradient_type() {
    if constexpr (!is_tensor<Expected> || !is_tensor<Given> || is_constant<Given>) {  // one of them has none
        return report<code::gradient_type, write<expected_type<typename written_out<Expected>::type>>, on_axis<void>,
                      Operation, Given, X...>();
    } else if constexpr (!same<typename Expected::mesh_type, typename Given::mesh_type>) {
        return report<code::meshes_differ, no_single_change, on_axis<void>, Operation, Given, Expected>();
    } else if constexpr (!same_shape(Given::value, Expected::value)) {
        return report<code::gradient_type, write<expected_type<typename written_out<Expected>::type>>, on_axis<void>,
                      Operation, Given, X...>();
    } else {
        constexpr auto axis = first_difference(Given::value, Expected::value);
        constexpr auto path = convert(Given::value, Expected::value, false);
        using fix =
            redistribute_operand_to<0, typename written_out<Expected>::type, bytes<static_cast<long>(path.bytes)>>;
        return report<code::gradient_type, write<fix>, on_axis<typename Given::mesh_type::template axis_at<axis>>,
                      Operation, Given, X...>();
    }
}

/// Raises the check of an operation's verdict on its operands.
template <class Rule, class... X>
constexpr auto report_rule() {
    using inferred = detail::inferred<Rule, X...>;
    using mesh = typename pick<0, X...>::type::mesh_type;
    constexpr verdict says = inferred::out.says;
    if constexpr (says.what == code::shapes_disagree) {
        return report<says.what, write<decltype(spelled_shape<misfit_of<inferred>>())>, on_axis<void>, Rule, X...>();
    } else {
        using fix = typename spelled_fix<fix_of<inferred>, mesh>::type;
        using axis = typename mesh::template axis_at<says.axis>;
        (void)sizeof(
            typename check_of<says.what>::template with<fix, on_axis<axis>, Rule, typename written_out<X>::type...>);
        return 0;
    }
}

}  // namespace detail

}  // namespace shardtype
