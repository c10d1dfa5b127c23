// A search over several constexpr variables, at the compiler's default limits, ends as the same search at run time.
#include <shardtype/search/chain_stages.hpp>

#include "../../bench/planner/llama_like.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <type_traits>

namespace st = shardtype;

namespace {

struct small_model {
    static constexpr auto problem = planner_bench::llama_like<8, 36, 34>(planner_bench::llama_8b, 140);
};
struct deep_model {
    static constexpr auto problem = planner_bench::llama_like<8, 36, 130>(planner_bench::llama_8b, 100);
};
static_assert(st::solved<small_model>.optimal && st::solved<deep_model>.optimal);
static_assert(st::detail::last_stage<deep_model, 16384, 4096, 0>() > 0);

struct small_plan {
    static constexpr auto const& problem = small_model::problem;
    static constexpr auto const& solution = st::solved<small_model>;
};
static_assert(st::checked_certificate<small_plan> == st::certificate_fault::none);

// Fifty thresholds with the same optimum and bounds below it: most passes over labels find nothing.
constexpr auto fifty_thresholds() {
    st::chain_problem<1, 1, 51, 1, 3> p;
    st::chain_class<51> c;
    for (int k = 0; k < 50; ++k) c.add({0, 0, 1'000'000 + k, 1000 - k, k});
    c.add({0, 0, 5'000'000, 100, 0});
    p.repeat(p.add(c), 3);
    p.budget = 1'290;
    return p;
}
struct many_thresholds {
    static constexpr auto problem = fifty_thresholds();
};
static_assert(st::solved<many_thresholds>.optimal);
// A threshold so large that nothing is left of the budget there.
constexpr auto beyond_the_budget() {
    st::chain_problem<1, 1, 3, 1, 8> p;
    st::chain_class<3> c;
    c.add({0, 0, 1'000'000, 10, 0});
    c.add({0, 0, 5'000'000, 1, 0});
    c.add({0, 0, 10, 1, 1L << 50});
    p.repeat(p.add(c), 8);
    p.budget = 40;
    return p;
}
struct huge_threshold {
    static constexpr auto problem = beyond_the_budget();
};
static_assert(st::solved<huge_threshold>.optimal && st::solved<huge_threshold>.time == 28'000'000);

template <class Case>
void same_at_run_time() {
    using problem = std::remove_cvref_t<decltype(Case::problem)>;
    auto const room = std::make_unique<st::chain_search_state<problem>>();
    auto const& a = st::solve(Case::problem, *room);
    auto const& b = st::solved<Case>;
    CHECK((a.outcome == b.outcome && a.time == b.time && a.memory == b.memory && a.position == b.position));
    CHECK((a.certificate.value == b.certificate.value && a.certificate.lower_bound == b.certificate.lower_bound));
    CHECK((a.certificate.multiplier == b.certificate.multiplier && a.certificate.shift == b.certificate.shift));
    CHECK((a.certificate.labels == b.certificate.labels && a.certificate.proof == b.certificate.proof));
    CHECK(std::equal(a.choice, a.choice + a.positions, b.choice));
    CHECK(st::check_certificate(Case::problem, a) == st::certificate_fault::none);

    st::certificate_progress<problem> in_steps;
    int steps = 0;
    for (; !in_steps.done; ++steps) st::check_on(Case::problem, a, in_steps, 20'000);
    CHECK(in_steps.fault == st::certificate_fault::none);
    CHECK((steps > 1 || a.positions < 20));
}

}  // namespace

TEST_CASE("34 and 130 layers, by the compiler and at run time") {
    same_at_run_time<small_model>();
    same_at_run_time<deep_model>();
    CHECK(st::solved<small_model>.certificate.proof == st::chain_proof::labels);
    CHECK(st::solved<deep_model>.certificate.proof == st::chain_proof::labels);
}

TEST_CASE("many thresholds, and one beyond the budget") {
    same_at_run_time<many_thresholds>();
    same_at_run_time<huge_threshold>();
    CHECK(st::solved<many_thresholds>.time == 11'000'000);
}

TEST_CASE("a check cut into steps refuses what the check refuses") {
    auto bad = st::solved<deep_model>;
    ++bad.certificate.value, ++bad.time;
    CHECK(st::check_certificate(deep_model::problem, bad) == st::certificate_fault::time);
    auto const p = [] {
        auto q = deep_model::problem;
        q.add_pin({1, 128, st::solved<deep_model>.choice[1], false});
        return q;
    }();
    auto const room = std::make_unique<st::chain_search_state<std::remove_cvref_t<decltype(p)>>>();
    bad = st::solve(p, *room);
    REQUIRE(bad.time > st::solved<deep_model>.time);
    bad.certificate.lower_bound = st::solved<deep_model>.certificate.lower_bound;
    bad.certificate.multiplier = st::solved<deep_model>.certificate.multiplier;
    bad.certificate.shift = st::solved<deep_model>.certificate.shift;
    bad.certificate.proof = st::chain_proof::labels;
    bad.certificate.value = bad.time;
    bad.outcome = st::chain_outcome::optimal, bad.optimal = true;
    REQUIRE(bad.memory <= deep_model::problem.budget);
    st::certificate_progress<std::remove_cvref_t<decltype(p)>> in_steps;
    while (!in_steps.done) st::check_on(deep_model::problem, bad, in_steps, 20'000);
    CHECK(in_steps.fault == st::certificate_fault::faster);
}
