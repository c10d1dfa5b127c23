#pragma once

// Small random chains and their exact answer by trying everything, both constexpr.
#include <shardtype/search/chain_problem.hpp>

namespace chains {

namespace st = shardtype;

/// splitmix64: the same numbers in every compiler.
struct generator {
    unsigned long state;
    constexpr unsigned long next() {
        state += 0x9e3779b97f4a7c15UL;
        unsigned long z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return z ^ (z >> 31);
    }
    /// In [0, n).
    constexpr long below(long n) { return static_cast<long>(next() % static_cast<unsigned long>(n)); }
    constexpr bool one_in(long n) { return below(n) == 0; }
};

using small_problem = st::chain_problem<4, 3, 6, 6, 6, 3>;

/// Every combination of options, one after the other.
struct everything {
    long fastest = st::unreachable;       // that fits
    long least_memory = st::unreachable;  // of all paths
    long plans = 0;
};

template <class Problem>
constexpr everything try_all(Problem const& p) {
    int of[Problem::max_positions]{}, choice[Problem::max_positions]{};
    int n = 0;
    for (int r = 0; r < p.runs; ++r)
        for (int k = 0; k < p.run[r].count; ++k) of[n++] = p.run[r].of;
    everything found;
    for (int i = 0; i < n; ++i)
        if (p.of[of[i]].count == 0) return found;
    for (bool more = true; more;) {
        long time = 0, memory = p.fixed, window = 0;
        bool legal = true;
        for (int i = 0; i < n && legal; ++i) {
            st::chain_option const& o = p.of[of[i]].option[choice[i]];
            legal = o.allowed && p.admits(i, choice[i]);
            long edge = 0, edge_window = 0;
            if (i == 0) {
                edge = p.entry[o.in];
            } else {
                st::chain_edge const& e = p.redistribution[p.of[of[i - 1]].option[choice[i - 1]].out][o.in];
                edge = e.time, edge_window = e.window;
            }
            legal = legal && edge < st::unreachable && (i < n - 1 || p.exit[o.out] < st::unreachable);
            if (!legal) break;
            time += edge + o.time + (i == n - 1 ? p.exit[o.out] : 0);
            memory += o.memory;
            window = o.window > window ? o.window : window;
            window = edge_window > window ? edge_window : window;
        }
        if (legal) {
            ++found.plans;
            memory += window;
            if (memory < found.least_memory) found.least_memory = memory;
            if (memory <= p.budget && time < found.fastest) found.fastest = time;
        }
        int i = 0;
        for (; i < n && ++choice[i] == p.of[of[i]].count; ++i) choice[i] = 0;
        more = i < n;
    }
    return found;
}

/// 2 to 6 positions, 1 to 6 options, 1 to 4 layouts; small numbers make ties. The budget is still to be set.
constexpr small_problem random_chain(generator& g, int positions_at_most = 6, int options_at_most = 6) {
    small_problem p;
    long const top = g.one_in(3) ? 4 : g.one_in(2) ? 20 : 1000;
    bool const windows = g.one_in(2), holes = g.one_in(4);
    p.layouts = static_cast<int>(1 + g.below(4));
    for (int a = 0; a < p.layouts; ++a) {
        for (int b = 0; b < p.layouts; ++b) {
            p.redistribution[a][b] = {a == b && !g.one_in(4) ? 0 : g.below(top / 2 + 1),
                                      windows && a != b && g.one_in(3) ? g.below(top / 2 + 1) : 0};
            if (holes && g.one_in(4)) p.redistribution[a][b].time = st::unreachable;
        }
        p.entry[a] = g.one_in(8) ? st::unreachable : g.one_in(2) ? 0 : g.below(top);
        p.exit[a] = g.one_in(8) ? st::unreachable : g.one_in(2) ? 0 : g.below(top);
    }
    int const classes = static_cast<int>(1 + g.below(3));
    for (int c = 0; c < classes; ++c) {
        st::chain_class<6> one;
        for (long k = 1 + g.below(options_at_most); k > 0; --k)
            one.add({static_cast<short>(g.below(p.layouts)), static_cast<short>(g.below(p.layouts)), g.below(top),
                     g.below(top), windows && !g.one_in(3) ? g.below(top) : 0, !g.one_in(20)});
        p.add(one);
    }
    int const positions = static_cast<int>(2 + g.below(positions_at_most - 1));
    for (int left = positions; left > 0;) {
        int const count = static_cast<int>(1 + g.below(left));
        p.repeat(static_cast<short>(g.below(classes)), count);
        left -= count;
    }
    p.fixed = g.one_in(2) ? 0 : g.below(top);
    for (int k = 0; k < 3 && g.one_in(3); ++k)
        p.add_pin({static_cast<int>(g.below(positions)), static_cast<int>(1 + g.below(2)),
                   static_cast<short>(g.below(options_at_most)), g.one_in(3)});
    return p;
}

/// A budget by the smallest plan: too small by one, exactly enough, or with up to all the room there could be.
constexpr void set_budget(generator& g, small_problem& p, everything const& unlimited) {
    long const least = unlimited.least_memory;
    if (least >= st::unreachable) {
        p.budget = 1000;
        return;
    }
    long const kind = g.below(6);
    p.budget = kind == 0 && least > 0 ? least - 1
               : kind == 1            ? least
               : kind == 2            ? st::unreachable
                                      : least + g.below(least + 4);
}

}  // namespace chains
