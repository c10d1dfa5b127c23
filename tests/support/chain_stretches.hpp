#pragma once

// The parts of a chain that an integer program has variables for.
#include <shardtype/search/chain_problem.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace integer_program {

namespace st = shardtype;

/// A part of the chain of one class, where the same options are admitted.
struct stretch {
    int of = 0, count = 0;
    std::vector<int> options;
};

/// `by_positions`: one stretch a position, a choice of 0 or 1 for each of its options. `by_runs`: equal layers are one
/// stretch, and how many of them choose an option is what is to be found.
enum class formulation { by_positions, by_runs };

template <class Problem>
std::vector<stretch> stretches_of(Problem const& p, formulation how) {
    std::vector<stretch> all;
    for (int r = 0, i = 0; r < p.runs; ++r)
        for (int j = 0; j < p.run[r].count; ++j, ++i) {
            stretch one{p.run[r].of, 1, {}};
            for (int k = 0; k < p.of[one.of].count; ++k)
                if (p.of[one.of].option[k].allowed && p.admits(i, k)) one.options.push_back(k);
            bool const same = j > 0 && how == formulation::by_runs && all.back().options == one.options;
            if (same) ++all.back().count;
            if (!same) all.push_back(one);
        }
    return all;
}

/// Divisors common to all times, and to all memories and windows: small numbers keep doubles exact.
struct units {
    long time = 0, memory = 0;
};
template <class Problem>
units units_of(Problem const& p) {
    units u;
    auto const of_time = [&u](long t) { u.time = t < st::unreachable ? std::gcd(u.time, t) : u.time; };
    for (int g = 0; g < p.layouts; ++g) {
        of_time(p.entry[g]), of_time(p.exit[g]);
        for (int h = 0; h < p.layouts; ++h) {
            of_time(p.redistribution[g][h].time);
            u.memory = std::gcd(u.memory, p.redistribution[g][h].window);
        }
    }
    for (int c = 0; c < p.classes; ++c)
        for (int k = 0; k < p.of[c].count; ++k) {
            st::chain_option const& o = p.of[c].option[k];
            of_time(o.time);
            u.memory = std::gcd(std::gcd(u.memory, o.memory), o.window);
        }
    return {std::max(u.time, 1L), std::max(u.memory, 1L)};
}

}  // namespace integer_program
