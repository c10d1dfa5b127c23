// The search against trying everything, and on long chains against a table over every amount of memory.
#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_search.hpp>

#include "../support/random_chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace st = shardtype;

namespace {

st::chain_search_state<chains::small_problem> space;

// What a choice costs, written down once more.
struct cost {
    long time, memory;
    bool legal;
};
template <class Problem>
cost cost_of(Problem const& p, short const* choice) {
    cost c{0, p.fixed, true};
    long window = 0;
    int i = 0, n = p.positions();
    st::chain_option const* before = nullptr;
    for (int r = 0; r < p.runs; ++r)
        for (int k = 0; k < p.run[r].count; ++k, ++i) {
            auto const& of = p.of[p.run[r].of];
            if (choice[i] < 0 || choice[i] >= of.count) return {0, 0, false};
            st::chain_option const& o = of.option[choice[i]];
            long const edge = before ? p.redistribution[before->out][o.in].time : p.entry[o.in];
            long const end = i == n - 1 ? p.exit[o.out] : 0;
            if (!o.allowed || !p.admits(i, choice[i]) || edge >= st::unreachable || end >= st::unreachable)
                return {0, 0, false};
            c.time += o.time + edge + end;
            c.memory += o.memory;
            window = std::max({window, o.window, before ? p.redistribution[before->out][o.in].window : 0L});
            before = &o;
        }
    c.memory += window;
    return c;
}

}  // namespace

TEST_CASE("the search finds what trying everything finds, on 40,000 random chains") {
    chains::generator g{2026};
    int optimal = 0, infeasible = 0, none = 0, by_labels = 0, by_bound = 0;
    for (int n = 0; n < 40'000; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::set_budget(g, p, chains::try_all(p));
        chains::everything const all = chains::try_all(p);
        CAPTURE(n);
        auto const s = st::solve(p, space);
        cost const c = cost_of(p, s.choice);
        if (all.plans == 0) {
            ++none;
            CHECK(s.outcome == st::chain_outcome::no_path);
            continue;
        }
        REQUIRE(c.legal);
        CHECK(c.time == s.time);
        CHECK(c.memory == s.memory);
        if (all.fastest >= st::unreachable) {
            ++infeasible;
            CHECK(s.outcome == st::chain_outcome::infeasible);
            CHECK(s.memory == all.least_memory);
            continue;
        }
        ++optimal;
        CHECK(s.outcome == st::chain_outcome::optimal);
        CHECK(s.optimal);
        CHECK(s.time == all.fastest);
        CHECK(s.memory <= p.budget);
        CHECK(s.certificate.value == s.time);
        CHECK(s.certificate.lower_bound <= s.time);
        CHECK(st::check_certificate(p, s) == st::certificate_fault::none);
        (s.certificate.proof == st::chain_proof::labels ? by_labels : by_bound) += 1;
        // Only what is faster than the optimum, or than one more.
        p.below = all.fastest;
        auto const nothing = st::solve(p, space);
        CHECK(nothing.outcome == st::chain_outcome::none_better);
        CHECK(nothing.certificate.value == all.fastest);
        p.below = all.fastest + 1;
        CHECK(st::solve(p, space).time == all.fastest);
    }
    MESSAGE(optimal << " with a plan (" << by_bound << " proven by the bound, " << by_labels << " by labels), "
                    << infeasible << " infeasible, " << none << " without a path");
    CHECK(optimal > 20'000);
    CHECK(infeasible > 2'000);
    CHECK(none > 500);
    CHECK(by_labels > 2'000);
    CHECK(by_bound > 2'000);
}

namespace {

using long_problem = st::chain_problem<3, 3, 5, 8, 64, 2>;
st::chain_search_state<long_problem> long_space;

// Least time for every sum of memories, position by position, once per window: slow, and nothing is left out.
long by_table(long_problem const& p, long most) {
    std::vector<int> of;
    for (int r = 0; r < p.runs; ++r) of.insert(of.end(), static_cast<std::size_t>(p.run[r].count), p.run[r].of);
    long best = st::unreachable;
    for (long window = 0; window < 12; ++window) {
        using column = std::vector<long>;
        auto const index = [&](int layout, long memory) {
            return static_cast<std::size_t>(layout * (most + 1) + memory);
        };
        column in(index(p.layouts, 0), st::unreachable);
        for (int h = 0; h < p.layouts; ++h) in[index(h, 0)] = p.entry[h];
        for (int i = 0; i < static_cast<int>(of.size()); ++i) {
            column out(in.size(), st::unreachable), next(in.size(), st::unreachable);
            for (int k = 0; k < p.of[of[static_cast<std::size_t>(i)]].count; ++k) {
                st::chain_option const& o = p.of[of[static_cast<std::size_t>(i)]].option[k];
                if (!o.allowed || o.window > window || !p.admits(i, k)) continue;
                for (long m = o.memory; m <= most; ++m)
                    out[index(o.out, m)] = std::min(out[index(o.out, m)], in[index(o.in, m - o.memory)] + o.time);
            }
            for (int a = 0; a < p.layouts; ++a)
                for (int b = 0; b < p.layouts; ++b)
                    if (p.redistribution[a][b].window <= window)
                        for (long m = 0; m <= most; ++m)
                            next[index(b, m)] = std::min(
                                {next[index(b, m)], out[index(a, m)] + p.redistribution[a][b].time, st::unreachable});
            if (i + 1 == static_cast<int>(of.size()))
                for (int g = 0; g < p.layouts; ++g)
                    for (long m = 0; m <= most && m <= p.budget - p.fixed - window; ++m)
                        best = std::min(best, std::min(out[index(g, m)], st::unreachable) + p.exit[g]);
            in = next;
        }
    }
    return std::min(best, st::unreachable);
}

}  // namespace

TEST_CASE("long chains, with runs of equal layers, against a table over every amount of memory") {
    chains::generator g{99};
    int by_labels = 0, optimal = 0, searched_from_both_ends = 0;
    for (int n = 0; n < 1'500; ++n) {
        long_problem p;
        long const times = g.one_in(2) ? 8 : 200;
        p.layouts = static_cast<int>(1 + g.below(3));
        for (int c = 0; c < 3; ++c) {
            st::chain_class<5> one;
            for (long k = 2 + g.below(4); k > 0; --k)
                one.add({static_cast<short>(g.below(p.layouts)), static_cast<short>(g.below(p.layouts)), g.below(times),
                         g.below(9), g.one_in(3) ? g.below(12) : 0});
            p.add(one);
        }
        for (int a = 0; a < p.layouts; ++a)
            for (int b = 0; b < p.layouts; ++b)
                p.redistribution[a][b] = {a == b ? 0 : g.below(times / 2), g.one_in(6) ? g.below(12) : 0};
        for (int r = static_cast<int>(1 + g.below(8)); r > 0; --r)
            p.repeat(static_cast<short>(g.below(3)), static_cast<int>(1 + g.below(8)));
        if (g.one_in(3)) p.add_pin({static_cast<int>(g.below(6)), static_cast<int>(1 + g.below(9)), 0, g.one_in(2)});
        p.budget = st::unreachable;
        auto const fastest = st::solve(p, long_space);
        if (fastest.outcome != st::chain_outcome::optimal) continue;
        p.budget = 0;
        long const least = st::solve(p, long_space).memory;
        p.budget = least + g.below(std::max(1L, fastest.memory - least + 3));
        CAPTURE(n);
        auto const s = st::solve(p, long_space);
        REQUIRE(s.outcome == st::chain_outcome::optimal);
        CHECK(s.time == by_table(p, p.budget));
        CHECK(cost_of(p, s.choice).legal);
        CHECK(cost_of(p, s.choice).time == s.time);
        CHECK(cost_of(p, s.choice).memory == s.memory);
        CHECK(st::check_certificate(p, s) == st::certificate_fault::none);
        ++optimal, by_labels += s.certificate.proof == st::chain_proof::labels;
        searched_from_both_ends += s.certificate.labels > 100;
        p.budget = least - 1;
        auto const too_small = st::solve(p, long_space);
        CHECK(too_small.outcome == (least > 0 ? st::chain_outcome::infeasible : too_small.outcome));
        CHECK(st::check_certificate(p, too_small) ==
              (least > 0 ? st::certificate_fault::none : st::certificate_fault::malformed));
    }
    MESSAGE(optimal << " long chains, " << by_labels << " proven by labels, " << searched_from_both_ends
                    << " with more than 100 of them");
    CHECK(optimal > 900);
    CHECK(by_labels > 300);
}

TEST_CASE("a search cut into steps of any length ends the same") {
    chains::generator g{5};
    auto at_once = std::make_unique<st::chain_search_state<chains::small_problem>>();
    auto in_steps = std::make_unique<st::chain_search_state<chains::small_problem>>();
    int steps = 0;
    for (int n = 0; n < 2'000; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::set_budget(g, p, chains::try_all(p));
        auto const& a = st::solve(p, *at_once);
        long const length = 1 + g.below(3'000);
        for (in_steps->phase = st::chain_phase::begin; in_steps->phase != st::chain_phase::done; ++steps)
            st::search_on(p, *in_steps, length);
        auto const& b = in_steps->result;
        CAPTURE(n);
        CHECK((a.outcome == b.outcome && a.time == b.time && a.memory == b.memory && a.position == b.position));
        CHECK((a.certificate.labels == b.certificate.labels && a.certificate.multiplier == b.certificate.multiplier));
        CHECK(std::equal(a.choice, a.choice + a.positions, b.choice));
    }
    CHECK(steps > 6'000);
}

TEST_CASE("out of labels: a plan that fits, with a gap, and no claim") {
    chains::generator g{2026};
    st::chain_search_state<chains::small_problem, 3, 8> tiny;
    int unproven = 0;
    for (int n = 0; n < 3'000; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::set_budget(g, p, chains::try_all(p));
        auto const s = st::solve(p, tiny);
        if (s.outcome != st::chain_outcome::unproven) continue;
        chains::everything const all = chains::try_all(p);
        CHECK((!s.optimal && s.certificate.proof == st::chain_proof::none));
        CHECK((s.time >= all.fastest && s.memory <= p.budget && cost_of(p, s.choice).legal));
        CHECK(s.certificate.lower_bound <= all.fastest);
        CHECK(st::check_certificate(p, s) != st::certificate_fault::none);
        ++unproven;
    }
    CHECK(unproven > 100);
}

TEST_CASE("out of labels: the plan is nearly as good as the best") {
    using problem = st::chain_problem<2, 60, 12, 60, 60>;
    chains::generator g{7};
    auto const all = std::make_unique<st::chain_search_state<problem, 1 << 20, 1 << 16>>();
    auto const few = std::make_unique<st::chain_search_state<problem, 300, 300>>();
    int unproven = 0;
    for (int n = 0; n < 12; ++n) {
        problem p;
        long most = 0, least = 0;
        for (int layer = 0; layer < 60; ++layer) {
            st::chain_class<12> c;
            long one_most = 0, one_least = st::unreachable;
            for (int k = 0; k < 12; ++k) {
                long const memory = 1'000 + g.below(100'000), time = 3'000'000'000 / memory + g.below(3'000);
                c.add({static_cast<short>(k % 2), static_cast<short>(k / 2 % 2), time, memory, 0});
                one_most = std::max(one_most, memory), one_least = std::min(one_least, memory);
            }
            most += one_most, least += one_least;
            p.repeat(p.add(c));
        }
        for (int e = 0; e < 2; ++e) p.redistribution[e][1 - e].time = 20'000;
        p.budget = least + (most - least) * (n + 1) / 20;
        auto const& best = st::solve(p, *all);
        auto const& found = st::solve(p, *few);
        if (!best.optimal || found.optimal) continue;
        ++unproven;
        CHECK(found.outcome == st::chain_outcome::unproven);
        CHECK(cost_of(p, found.choice).time == found.time);
        CHECK(found.memory <= p.budget);
        CHECK(static_cast<double>(found.time) <= 1.005 * static_cast<double>(best.time));
    }
    CHECK(unproven > 4);
}

TEST_CASE("what is not well formed is refused") {
    auto const good = [] {
        chains::small_problem p;
        st::chain_class<6> c;
        c.add({0, 0, 5, 5, 5});
        c.add({0, 0, 3, 9, 5});
        p.repeat(p.add(c), 4);
        p.budget = 30;
        return p;
    };
    CHECK(st::solve(good(), space).outcome == st::chain_outcome::optimal);
    auto const refused = [&](auto change) {
        chains::small_problem p = good();
        change(p);
        return st::solve(p, space).outcome == st::chain_outcome::invalid;
    };
    CHECK(refused([](auto& p) { p.runs = 0; }));
    CHECK(refused([](auto& p) { p.run[0].count = 7; }));
    CHECK(refused([](auto& p) { p.run[0].count = 0; }));
    CHECK(refused([](auto& p) { p.run[0].of = 1; }));
    CHECK(refused([](auto& p) { p.of[0].option[1].in = 4; }));
    CHECK(refused([](auto& p) { p.of[0].option[1].out = -1; }));
    CHECK(refused([](auto& p) { p.of[0].option[1].time = -1; }));
    CHECK(refused([](auto& p) { p.of[0].option[1].time = 1L << 56; }));
    CHECK(refused([](auto& p) { p.of[0].option[1].memory = 1L << 56; }));
    CHECK(refused([](auto& p) { p.of[0].option[0].window = -5; }));
    CHECK(refused([](auto& p) { p.redistribution[1][2].time = -1; }));
    CHECK(refused([](auto& p) { p.entry[0] = -1; }));
    CHECK(refused([](auto& p) { p.fixed = -1; }));
    CHECK(refused([](auto& p) { p.layouts = 5; }));
    CHECK(refused([](auto& p) {
        for (int k = 0; k < 4; ++k) p.forbid(k, 0);
    }));
    // A chain that cannot be passed: where.
    chains::small_problem p = good();
    p.require(2, 5);
    CHECK(st::solve(p, space).outcome == st::chain_outcome::no_path);
    CHECK(st::solve(p, space).position == 2);
}

TEST_CASE("pins forbid and require") {
    chains::small_problem p;
    st::chain_class<6> c;
    c.add({0, 0, 1, 0, 0});
    c.add({0, 0, 10, 0, 0});
    c.add({0, 0, 100, 0, 0});
    p.repeat(p.add(c), 5);
    CHECK(st::solve(p, space).time == 5);
    p.forbid(1, 0);
    CHECK(st::solve(p, space).time == 14);
    CHECK(space.result.choice[1] == 1);
    p.require(3, 2);
    CHECK(st::solve(p, space).time == 113);
    CHECK(space.result.choice[3] == 2);
    p.pins = 0;
    p.add_pin({1, 3, 0, false});
    CHECK(st::solve(p, space).time == 32);
    CHECK((space.result.choice[0] == 0 && space.result.choice[4] == 0));
    p.add_pin({2, 2, 2, true});
    CHECK(st::solve(p, space).time == 212);
    p.of[0].option[0].allowed = false;
    CHECK(st::solve(p, space).time == 230);
}
