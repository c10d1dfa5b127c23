#pragma once

#include <boost/hana/tuple.hpp>

#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/operations.hpp>
#include <shardtype/rules/report.hpp>
#include <shardtype/tensor/constant.hpp>
#include <shardtype/tensor/tensor.hpp>
#include <shardtype/tensor/valid.hpp>

namespace shardtype {

namespace detail {
/// Whether no operand has a gradient: then the result has none.
template <class Rule, class... X>
inline constexpr bool all_constant = (Rule::value.constant | constants_of<X...>()) == (1U << sizeof...(X)) - 1;
}  // namespace detail

/// An operation on tensor types: called with tensors it gives the result's tensor, or does not compile.
/// `constexpr auto y = op::linear(x, w);` computes types only; nothing is run.
/// @pre operands are tensors [ST-T202] of one mesh [ST-R310] with the shapes of the rule [ST-R309], in placements that
/// it takes on every axis [ST-R301] to [ST-R308], [ST-R313], none of them padded [ST-R314]. An operand may be constant; the result is if all are
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
        } else if constexpr (!detail::all_valid<X...>) {
            return detail::failed<decltype(detail::raise_invalid<X...>())>();
        } else if constexpr (!detail::one_mesh<X...>) {
            return detail::failed<
                decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>, Rule, X...>())>();
        } else if constexpr (static_cast<int>(sizeof...(X)) != Rule::value.operands) {
            return detail::failed<
                decltype(detail::report<code::shapes_disagree, write<operand_count<Rule::value.operands>>,
                                        on_axis<void>, Rule, X...>())>();
        } else {
            using result = detail::inferred<Rule, X...>;
            using mesh_type = typename detail::pick<0, X...>::type::mesh_type;
            if constexpr (result::out.says.legal()) {
                using real = typename detail::pick<detail::first_real(Rule::value), X...>::type;
                using type = tensor_of<typename real::element, mesh_type, result>;
                return typename detail::constant_if<detail::all_constant<Rule, X...>, type>::type{};
            } else {
                return detail::failed<decltype(detail::report_rule<Rule, X...>())>();
            }
        }
    }
};

/// The operations by their usual names: `op::linear(x, w)`. Their formulas stand at the rules of the same names.
namespace op {
/// The operation of the rule of the same name.
/// @{
inline constexpr operation<rules::matmul> matmul{};
inline constexpr operation<rules::linear> linear{};
inline constexpr operation<rules::embedding> embedding{};
inline constexpr operation<rules::rms_norm> rms_norm{};
inline constexpr operation<rules::layer_norm> layer_norm{};
inline constexpr operation<rules::rotary> rotary{};
inline constexpr operation<rules::attention> attention{};
inline constexpr operation<rules::swiglu> swiglu{};
inline constexpr operation<rules::gelu> gelu{};
inline constexpr operation<rules::bias> bias{};
inline constexpr operation<rules::positions> positions{};
inline constexpr operation<rules::add> add{};
inline constexpr operation<rules::cross_entropy> cross_entropy{};
/// @}
}  // namespace op

namespace detail {
template <class Rule, int I, class X>
constexpr auto operand_gradient() {
    if constexpr (Rule::value.is_constant(I) || is_constant<X>) {
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
        return detail::failed<decltype(detail::report_gradient_type<gradient_t<result>, Dy, Rule, X...>())>();
    } else {
        return detail::operand_gradients<Rule, X...>(detail::make_ints<static_cast<int>(sizeof...(X))>{});
    }
}

namespace detail {
template <class Rule, class... X>
constexpr bool can_apply() {
    if constexpr (static_cast<int>(sizeof...(X)) != Rule::value.operands || !all_valid<X...>) {
        return false;
    } else if constexpr (!one_mesh<X...>) {
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
