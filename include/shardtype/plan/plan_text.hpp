#pragma once

#include <shardtype/plan/explain.hpp>

namespace shardtype {

/// A text of N letters that a constexpr value owns.
template <long N>
struct constant_text {
    static constexpr long size = N;  ///< letters
    char data[N + 1]{};              ///< with a closing 0
};

namespace detail {
template <model_plan const& Plan>
inline constexpr long plan_text_size = explain(Plan, nullptr, 0);

template <model_plan const& Plan>
constexpr auto make_plan_text() {
    constant_text<plan_text_size<Plan>> text;
    explain(Plan, text.data, text.size);
    return text;
}
}  // namespace detail

/// What `explain` says of a plan, as a constant: `std::puts(plan_text<my_plan>.data)`.
template <model_plan const& Plan>
inline constexpr auto plan_text = detail::make_plan_text<Plan>();

}  // namespace shardtype
