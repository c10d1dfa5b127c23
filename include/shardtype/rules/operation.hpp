#pragma once

#include <boost/hana/tuple.hpp>

#include <shardtype/rules/checks.hpp>
#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/operations.hpp>
#include <shardtype/rules/redistribution.hpp>
#include <shardtype/tensor/tensor.hpp>

namespace shardtype {

namespace detail {

template <class... X>
inline constexpr bool any_failed = (false || ... || same<X, ill_typed>);

template <class First, class... Rest>
inline constexpr bool one_mesh = (true && ... && same<typename First::mesh_type, typename Rest::mesh_type>);

/// An operation's verdict on operand types, kept as a value.
template <class Rule, class... X>
struct inferred {
    static constexpr layout in[sizeof...(X)] = {X::value...};
    static constexpr inference out = infer(Rule::value, in);
    static constexpr layout value = out.result;
};

template <placement P, class Axis>
struct spelled_placement {
    using type = invariant<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::replicate)
struct spelled_placement<P, Axis> {
    using type = replicate<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::partial)
struct spelled_placement<P, Axis> {
    using type = partial<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::shard)
struct spelled_placement<P, Axis> {
    using type = shard<P.dim, Axis>;
};

template <class Inferred, class Mesh>
struct fix_of {
    static constexpr verdict v = Inferred::out.says;
    using axis = typename Mesh::template axis_at<v.axis>;
    static constexpr long cost = static_cast<long>(redistribution_bytes(Inferred::in[v.fix_operand], v.axis, v.fix));
    template <bool Fixable, class Dummy>
    struct text {
        using type = no_single_change;
    };
    template <class Dummy>
    struct text<true, Dummy> {
        using type =
            write<redistribute_operand<v.fix_operand, typename spelled_placement<v.fix, axis>::type, bytes<cost>>>;
    };
    using type = typename text<v.fixable, void>::type;
};

/// What an operation returns that failed: Raised is the unevaluated call of `raise` or `report`.
template <class Raised>
constexpr ill_typed failed() {
    return {};
}

/// Raises the numbered check of a verdict's code; unevaluated, as `raise`.
template <code What, class Fix, class Axis, class Operation, class... X>
constexpr auto report() {
    // clang-format off
    if constexpr (What == code::two_factors) (void)sizeof(ST_R301<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::partial_operand) (void)sizeof(ST_R302<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::factor_in_one_operand) (void)sizeof(ST_R303<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::invariant_mixed) (void)sizeof(ST_R304<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::factor_order) (void)sizeof(ST_R305<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::whole_factor_sharded) (void)sizeof(ST_R306<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::partial_twice) (void)sizeof(ST_R307<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::partial_plus_other) (void)sizeof(ST_R308<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::shapes_disagree) (void)sizeof(ST_R309<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::meshes_differ) (void)sizeof(ST_R310<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::reshape_of_shard) (void)sizeof(ST_R311<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::reshape_extents) (void)sizeof(ST_R312<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::not_partial) (void)sizeof(ST_C401<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::not_minor_axis) (void)sizeof(ST_C402<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::no_conversion) (void)sizeof(ST_C403<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::not_sharded) (void)sizeof(ST_C404<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::stored_placement) (void)sizeof(ST_S601<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::loss_placement) (void)sizeof(ST_S602<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::repeat_changes_layout) (void)sizeof(ST_S603<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::capacity) (void)sizeof(ST_S604<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::nested_repeat) (void)sizeof(ST_S605<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::collective_pairing) (void)sizeof(ST_S606<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::use_after_release) (void)sizeof(ST_S607<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::layer_not_divisible) (void)sizeof(ST_S608<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::across_repeat) (void)sizeof(ST_S609<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::head_dimension) (void)sizeof(ST_S610<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::no_loss_at_the_end) (void)sizeof(ST_S611<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::used_by_nothing) (void)sizeof(ST_S612<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::element_of_job) (void)sizeof(ST_S613<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::trips_of_repeat) (void)sizeof(ST_S614<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::no_lowering) (void)sizeof(ST_S615<Fix, Axis, Operation, X...>);
    else if constexpr (What == code::roles_of_axes) (void)sizeof(ST_S616<Fix, Axis, Operation, X...>);
    else static_assert(What == code::ok, "a code without a check");
    // clang-format on
    return 0;
}

template <class Operation, class Inferred, class Mesh, class... X>
constexpr auto report_rule() {
    constexpr code what = Inferred::out.says.what;
    if constexpr (what == code::shapes_disagree) {
        return report<what, no_single_change, on_axis<void>, Operation, X...>();
    } else {
        using fix = fix_of<Inferred, Mesh>;
        return report<what, typename fix::type, on_axis<typename fix::axis>, Operation, X...>();
    }
}

}  // namespace detail

/// What an operand without gradient (token ids, tables) has instead of one.
struct no_gradient {};

/// An operation on tensor types: called with tensors it gives the result's tensor, or does not compile.
/// `constexpr auto y = op::linear(x, w);` computes types only; nothing is run.
/// @pre operands are tensors [ST-T202] of one mesh [ST-R310] with the shapes of the rule [ST-R309], in placements that
/// it takes on every axis [ST-R301] to [ST-R308]
/// @snippet 03_compile_error.cpp operands
/// @snippet 04_matmul.cpp linear
template <class Rule>
struct operation {
    /// The operation as data.
    using rule_type = Rule;

    /// @return an empty object of the result's tensor type, `ill_typed` after an error
    template <class... X>
    constexpr auto operator()(X...) const {
        if constexpr (detail::any_failed<X...>) {
            return ill_typed{};
        } else if constexpr (!(true && ... && is_tensor<X>)) {
            return detail::failed<decltype(detail::raise<ST_T202<X...>>())>();
        } else if constexpr (!detail::one_mesh<X...>) {
            return detail::failed<decltype(detail::raise<ST_R310<no_single_change, on_axis<void>, Rule, X...>>())>();
        } else if constexpr (static_cast<int>(sizeof...(X)) != Rule::value.operands) {
            return detail::failed<decltype(detail::raise<ST_R309<no_single_change, on_axis<void>, Rule, X...>>())>();
        } else {
            using result = detail::inferred<Rule, X...>;
            using mesh_type = typename detail::pick<0, X...>::type::mesh_type;
            if constexpr (result::out.says.legal()) {
                return tensor_of<typename element<X...>::type, mesh_type, result>{};
            } else {
                return detail::failed<decltype(detail::report_rule<Rule, result, mesh_type, X...>())>();
            }
        }
    }

  private:
    template <class... X>
    struct element {  // of the first operand that carries a gradient
        static constexpr int at = (Rule::value.is_constant(0) ? 1 : 0);
        using type = typename detail::pick<at, X...>::type::element;
    };
};

/// The operations by their usual names: `op::linear(x, w)`. Their formulas stand at the rules of the same names.
namespace op {
/// The operation of the rule of the same name.
/// @{
inline constexpr operation<rules::matmul> matmul{};
inline constexpr operation<rules::linear> linear{};
inline constexpr operation<rules::embedding> embedding{};
inline constexpr operation<rules::rms_norm> rms_norm{};
inline constexpr operation<rules::rotary> rotary{};
inline constexpr operation<rules::attention> attention{};
inline constexpr operation<rules::swiglu> swiglu{};
inline constexpr operation<rules::add> add{};
inline constexpr operation<rules::cross_entropy> cross_entropy{};
/// @}
}  // namespace op

namespace detail {
template <class Rule, int I, class X>
constexpr auto operand_gradient() {
    if constexpr (Rule::value.is_constant(I)) {
        return no_gradient{};
    } else {
        return gradient_t<X>{};
    }
}
template <class Rule, class... X, int... I>
constexpr auto operand_gradients(int_list<I...>) {
    return boost::hana::tuple<decltype(operand_gradient<Rule, I, X>())...>{};
}
}  // namespace detail

/// The types of an operation's gradients, one per operand, given the gradient of its result.
/// `gradients(op::linear, dy, x, w)` is a Hana tuple: the gradient of x, then that of w.
/// @pre dy has the gradient type of the result [ST-G501]
/// @snippet 04_matmul.cpp backward
template <class Rule, class Dy, class... X>
constexpr auto gradients(operation<Rule> f, Dy, X... x) {
    using result = decltype(f(x...));
    if constexpr (detail::any_failed<result, Dy>) {
        return ill_typed{};
    } else if constexpr (!same<Dy, gradient_t<result>>) {
        return detail::failed<decltype(detail::raise<ST_G501<gradient_t<result>, Dy, Rule, X...>>())>();
    } else {
        return detail::operand_gradients<Rule, X...>(detail::make_ints<static_cast<int>(sizeof...(X))>{});
    }
}

namespace detail {
template <class Rule, class... X>
constexpr bool can_apply() {
    if constexpr (static_cast<int>(sizeof...(X)) != Rule::value.operands || !one_mesh<X...>) {
        return false;
    } else {
        return inferred<Rule, X...>::out.says.legal();
    }
}
}  // namespace detail

/// Whether operation Rule takes these operands.
/// @snippet 03_compile_error.cpp why
template <class Rule, class... X>
inline constexpr bool can = detail::can_apply<Rule, X...>();

}  // namespace shardtype
