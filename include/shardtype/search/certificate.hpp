#pragma once

#include <shardtype/search/certificate_check.hpp>

namespace shardtype {

/// A check between two steps, all of it, so that a chain of constexpr variables can share one check.
/// `Room`: labels of one layout before one layer.
template <class Problem, int Room = 512>
struct certificate_progress {
    bool begun = false;                                       ///< all but the labels is checked
    bool done = false;                                        ///< `fault` says how it ended
    certificate_fault fault = certificate_fault::none;        ///< what is wrong
    long window = -1;                                         ///< KiB, whose labels are in work
    int position = 0;                                         ///< layers still before them
    detail::checked_labels<Room> in[Problem::max_layouts]{};  ///< ends of plans that could be too fast
};

/// Goes on with a check for about `limit` statements, and some passes over the chain.
template <class Problem, int Room>
constexpr void check_on(Problem const& p, chain_solution<Problem::max_positions> const& s,
                        certificate_progress<Problem, Room>& at, long limit = unreachable) {
    using fault = certificate_fault;
    detail::certificate_check<Problem, Room> check{p};
    chain_certificate const& c = s.certificate;
    auto const end = [&at](fault found) { at.done = true, at.fault = found; };
    if (!at.begun) {
        fault const found = check.check_claims(s);
        at.begun = true;
        if (found != fault::none || c.proof != chain_proof::labels) return end(found);
    } else {
        check.expand();
    }
    bool resumed = at.position > 0;
    while (check.work < limit) {
        if (at.position == 0) at.window = check.next_window(at.window);
        if (at.window >= unreachable) return end(fault::none);
        if (check.bound_at(at.window, c) >= c.value) continue;
        check.forward(at.window, 1, 0, check.time);
        if (!resumed) at.position = check.n;
        resumed = false;
        for (; at.position > 0 && check.work < limit; --at.position)
            if (!check.lengthen(at.position - 1, at.window, c.value - 1, c, at.in)) return end(fault::room);
        for (int h = 0; at.position == 0 && h < p.layouts; ++h)
            if (at.in[h].count > 0) return end(fault::faster);
    }
}

/// What is wrong with a solution, none if its proof holds. Not checked: the number of labels, and where a chain without
/// a path breaks. Time: some passes over the chain per distinct window; where the bound leaves a gap also the labels.
/// That a bound proves the value is a short proof; where labels do, the checker makes its own.
template <int Room = 512, class Problem>
constexpr certificate_fault check_certificate(Problem const& p, chain_solution<Problem::max_positions> const& s) {
    certificate_progress<Problem, Room> at;
    check_on(p, s, at);
    return at.fault;
}

}  // namespace shardtype
