#pragma once

#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_search.hpp>

namespace shardtype {
namespace detail {

/// Statements of one stage: well within clang's million and what g++ and nvcc count.
inline constexpr long stage_limit = 250'000;

template <int Labels, int Arriving, class Problem>
constexpr auto first_stage(Problem const& p) {
    chain_search_state<Problem, Labels, Arriving> s{};
    search_on(p, s, stage_limit);
    return s;
}
template <class Problem, class State>
constexpr State next_stage(Problem const& p, State s) {
    search_on(p, s, stage_limit);
    return s;
}

/// One search over as many constexpr variables as it needs: compilers limit each variable, not their number.
template <class Case, int Labels, int Arriving, int I>
inline constexpr auto chain_stage = next_stage(Case::problem, chain_stage<Case, Labels, Arriving, I - 1>);
template <class Case, int Labels, int Arriving>
inline constexpr auto chain_stage<Case, Labels, Arriving, 0> = first_stage<Labels, Arriving>(Case::problem);

template <class Problem, class Solution, class State>
constexpr State next_check(Problem const& p, Solution const& s, State at) {
    check_on(p, s, at, stage_limit);
    return at;
}
template <int Room, class Problem>
constexpr certificate_progress<Problem, Room> no_check(Problem const&) {
    return {};
}

template <class Case, int Room, int I>
inline constexpr auto check_stage = next_check(Case::problem, Case::solution, check_stage<Case, Room, I - 1>);
template <class Case, int Room>
inline constexpr auto check_stage<Case, Room, -1> = no_check<Room>(Case::problem);

template <class Case, int Room, int I>
constexpr int last_check() {
    if constexpr (check_stage<Case, Room, I>.done)
        return I;
    else
        return last_check<Case, Room, I + 1>();
}
template <class Case, int Labels, int Arriving, int I>
constexpr int last_stage() {
    if constexpr (chain_stage<Case, Labels, Arriving, I>.phase == chain_phase::done)
        return I;
    else
        return last_stage<Case, Labels, Arriving, I + 1>();
}

}  // namespace detail

/// The solution of `Case::problem`, a static constexpr member, at the compilers' default limits.
template <class Case, int Labels = 16384, int Arriving = 4096>
inline constexpr auto solved =
    detail::chain_stage<Case, Labels, Arriving, detail::last_stage<Case, Labels, Arriving, 0>()>.result;

/// What is wrong with `Case::solution` of `Case::problem`, checked at the compilers' default limits.
template <class Case, int Room = 512>
inline constexpr certificate_fault checked_certificate =
    detail::check_stage<Case, Room, detail::last_check<Case, Room, 0>()>.fault;

}  // namespace shardtype
