#pragma once

// A chain's plan by the search beside the plan by cbc, both added up again in whole numbers.
#include "chain_in_integers.hpp"

namespace integer_program {

/// What a choice costs; `legal` without the budget.
struct cost {
    long time = 0, memory = 0;
    bool legal = true;
};

/// The problem's sums, written down without the search's or the checker's.
template <class Problem>
cost cost_of(Problem const& p, std::vector<int> const& choice) {
    std::vector<int> of;
    for (int r = 0; r < p.runs; ++r) of.insert(of.end(), static_cast<std::size_t>(p.run[r].count), p.run[r].of);
    cost c{0, p.fixed, choice.size() == of.size()};
    long window = 0;
    for (std::size_t i = 0; c.legal && i < of.size(); ++i) {
        c.legal = choice[i] >= 0 && choice[i] < p.of[of[i]].count && p.of[of[i]].option[choice[i]].allowed &&
                  p.admits(static_cast<int>(i), choice[i]);
        if (!c.legal) break;
        st::chain_option const& o = p.of[of[i]].option[choice[i]];
        st::chain_edge edge{p.entry[o.in], 0};
        if (i > 0) edge = p.redistribution[p.of[of[i - 1]].option[choice[i - 1]].out][o.in];
        long const end = i + 1 == of.size() ? p.exit[o.out] : 0;
        c.legal = edge.time < st::unreachable && end < st::unreachable;
        c.time += o.time + edge.time + end;
        c.memory += o.memory;
        window = std::max({window, o.window, edge.window});
    }
    c.memory += window;
    return c;
}

/// How the two compare. `equal`: to the nanosecond, or neither has a plan; `different`: one is wrong; neither: one did
/// not end.
struct verdict {
    bool equal = false, different = false;
    std::string words;            // for a table
    long time = st::unreachable;  // of cbc's plan
    double seconds = 0;           // of cbc
    long integers = 0, rows = 0;
};

template <class Problem, class Solution>
verdict against_cbc(Problem const& p, Solution const& ours, formulation how, std::filesystem::path const& folder,
                    std::string const& name, int seconds) {
    chain_in_integers<Problem> const in_integers(p, how);
    cbc_answer const theirs = ask_cbc(in_integers.program(), folder, name, seconds);
    verdict v;
    v.seconds = theirs.seconds, v.integers = in_integers.program().integer_count;
    v.rows = in_integers.program().row_count;
    auto const differ = [&v](std::string const& words) {
        return v.different = true, v.words = "DIFFERENT: " + words, v;
    };
    auto const is = [&ours](st::chain_outcome o) { return ours.outcome == o; };
    bool const none =
        is(st::chain_outcome::infeasible) || is(st::chain_outcome::no_path) || is(st::chain_outcome::none_better);
    if (is(st::chain_outcome::invalid)) return differ("the search refuses the problem");
    cost const mine = cost_of(p, std::vector<int>(ours.choice, ours.choice + ours.positions));
    if (ours.optimal && (!mine.legal || mine.time != ours.time || mine.memory != ours.memory || mine.memory > p.budget))
        return differ("the search's plan does not cost what it says");
    if (theirs.end == cbc_answer::failed) return differ(theirs.said);
    if (theirs.plan) {
        cost const found = cost_of(p, in_integers.choice(theirs.value));
        if (!found.legal) return differ("cbc's plan is none");
        v.time = found.time;
        if (found.memory > p.budget)  // what tolerances can do
            return differ("cbc's plan is too large by " + std::to_string(found.memory - p.budget) + " KiB");
        if (none && found.time < p.below) return differ("cbc has a plan of " + std::to_string(v.time) + " ns");
        if (v.time < ours.time) return differ("cbc's plan is faster by " + std::to_string(ours.time - v.time) + " ns");
    }
    if (theirs.end == cbc_answer::stopped) {
        double const value = static_cast<double>(theirs.plan ? v.time : ours.time);
        double const bound = theirs.bound * static_cast<double>(in_integers.time_unit());
        char words[160];
        std::snprintf(words, sizeof words, "cbc stopped%s: bound %.0f, gap %.3f %%",
                      theirs.plan ? "" : " without a plan", bound, 100 * (value - bound) / value);
        v.words = words;
        return v;
    }
    if (is(st::chain_outcome::unproven)) return v.words = "the search ran out of labels", v;
    if (theirs.plan && v.time != ours.time)
        return differ("cbc's plan is slower by " + std::to_string(v.time - ours.time) + " ns");
    if (!theirs.plan && !none) return differ("cbc has no plan");
    v.equal = true, v.words = theirs.plan ? "equal" : "equal: no plan";
    return v;
}

}  // namespace integer_program
