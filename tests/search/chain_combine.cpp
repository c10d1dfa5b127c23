// Siblings, series and skips: a combined class gives the same optimum as what it stands for.
#include <shardtype/search/chain_combine.hpp>
#include <shardtype/search/chain_search.hpp>

#include "../support/random_chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace st = shardtype;

namespace {

using two_problem = st::chain_problem<4, 3, 36, 3, 3>;
st::chain_search_state<two_problem, 4096, 1024> space;

st::chain_class<6> random_class(chains::generator& g, int layouts, long top) {
    st::chain_class<6> c;
    for (long k = 1 + g.below(6); k > 0; --k)
        c.add({static_cast<short>(g.below(layouts)), static_cast<short>(g.below(layouts)), g.below(top), g.below(top),
               g.one_in(2) ? g.below(top) : 0, !g.one_in(12)});
    return c;
}
void random_edges(chains::generator& g, two_problem& p, long top) {
    for (int a = 0; a < p.layouts; ++a)
        for (int b = 0; b < p.layouts; ++b)
            p.redistribution[a][b] = {a == b         ? 0
                                      : g.one_in(10) ? st::unreachable
                                                     : g.below(top),
                                      g.one_in(3) ? g.below(top) : 0};
}

// All pairs, none dropped.
st::chain_class<36> all_pairs(st::chain_class<6> const& a, st::chain_class<6> const& b) {
    st::chain_class<36> c;
    for (int i = 0; i < a.count; ++i)
        for (int j = 0; j < b.count; ++j) {
            st::chain_option const &x = a.option[i], &y = b.option[j];
            if (x.in == y.in && x.out == y.out)
                c.add({x.in, x.out, x.time + y.time, x.memory + y.memory, std::max(x.window, y.window),
                       x.allowed && y.allowed});
        }
    return c;
}

}  // namespace

TEST_CASE("siblings between two layers, against all pairs") {
    chains::generator g{11};
    int dropped = 0, solved = 0;
    for (int n = 0; n < 5'000; ++n) {
        long const top = g.one_in(2) ? 5 : 100;
        two_problem p;
        p.layouts = static_cast<int>(1 + g.below(3));
        auto const first = random_class(g, p.layouts, top), a = random_class(g, p.layouts, top),
                   b = random_class(g, p.layouts, top), last = random_class(g, p.layouts, top);
        random_edges(g, p, top);
        two_problem q = p;
        auto const both = st::siblings<36>(a, b);
        auto const pairs = all_pairs(a, b);
        REQUIRE(both.options.complete);
        dropped += pairs.count - both.options.count;
        for (int k = 0; k < both.options.count; ++k) {
            st::chain_option const &o = both.options.option[k], &x = a.option[both.first[k]],
                                   &y = b.option[both.second[k]];
            CHECK((o.in == x.in && o.in == y.in && o.out == x.out && o.out == y.out));
            CHECK((o.time == x.time + y.time && o.memory == x.memory + y.memory &&
                   o.window == std::max(x.window, y.window)));
        }
        p.repeat(p.add(first)), p.repeat(p.add(both.options)), p.repeat(p.add(last));
        q.repeat(q.add(first)), q.repeat(q.add(pairs)), q.repeat(q.add(last));
        chains::everything const unlimited = chains::try_all(q);
        p.budget = q.budget =
            unlimited.least_memory >= st::unreachable ? 10 : unlimited.least_memory + g.below(2 * top);
        chains::everything const all = chains::try_all(q);
        auto const s = st::solve(p, space);
        CAPTURE(n);
        CHECK(s.time == all.fastest);
        solved += s.optimal;
    }
    CHECK(solved > 2'000);
    CHECK(dropped > 2'000);
}

TEST_CASE("two layers as one, against the two; with a skip round both") {
    chains::generator g{12};
    int solved = 0;
    for (int n = 0; n < 5'000; ++n) {
        long const top = g.one_in(2) ? 5 : 100;
        bool const skip = g.one_in(2);
        two_problem p;
        p.layouts = static_cast<int>(1 + g.below(4));
        auto const a = random_class(g, p.layouts, top), b = random_class(g, p.layouts, top);
        random_edges(g, p, top);
        two_problem q = p;
        auto one = st::in_series<36>(a, b, p.redistribution).options;
        if (skip) one = st::with_skip(one, p.redistribution);
        p.repeat(p.add(one));
        q.repeat(q.add(a)), q.repeat(q.add(b));
        p.budget = q.budget = g.below(4 * top);
        long fastest = st::unreachable;
        for (int i = 0; i < a.count; ++i)
            for (int j = 0; j < b.count; ++j) {
                st::chain_option const &x = a.option[i], &y = b.option[j];
                st::chain_edge const &e = q.redistribution[x.out][y.in], &round = q.redistribution[x.in][y.out];
                long const window = std::max({x.window, y.window, e.window, skip ? round.window : 0L});
                if (x.allowed && y.allowed && e.time < st::unreachable && (!skip || round.time < st::unreachable) &&
                    x.memory + y.memory + window <= q.budget)
                    fastest = std::min(fastest, x.time + y.time + e.time + (skip ? round.time : 0));
            }
        CAPTURE(n);
        CHECK(st::solve(p, space).time == (fastest < st::unreachable ? fastest : st::solve(p, space).time));
        CHECK(st::solve(p, space).optimal == (fastest < st::unreachable));
        if (!skip) CHECK(fastest == chains::try_all(q).fastest);
        solved += fastest < st::unreachable;
    }
    CHECK(solved > 2'000);
}

TEST_CASE("what does not fit is not forgotten") {
    st::chain_class<6> a;
    for (short k = 0; k < 6; ++k) a.add({0, 0, 6 - k, k, 0});
    auto const both = st::siblings<4>(a, a);
    CHECK(!both.options.complete);
    two_problem p;
    p.repeat(p.add(both.options));
    CHECK(st::solve(p, space).outcome == st::chain_outcome::invalid);
}
