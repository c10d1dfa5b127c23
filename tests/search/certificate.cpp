// The checker accepts what the search finds, and nothing else.
#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_search.hpp>

#include "../support/random_chain.hpp"

#include <doctest/doctest.h>

namespace st = shardtype;
using fault = st::certificate_fault;

namespace {
st::chain_search_state<chains::small_problem> space;
}

TEST_CASE("a solution with one thing changed is refused") {
    chains::generator g{7};
    int proven_by_labels = 0, refused = 0, faster = 0, other_choice = 0;
    for (int n = 0; n < 5'000; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::set_budget(g, p, chains::try_all(p));
        CAPTURE(n);
        auto const good = st::solve(p, space);
        REQUIRE(st::check_certificate(p, good) == fault::none);
        auto const refuse = [&](auto change, fault why) {
            auto bad = good;
            change(bad);
            CHECK(st::check_certificate(p, bad) == why);
            ++refused;
        };
        if (good.outcome == st::chain_outcome::no_path) continue;
        refuse([](auto& s) { ++s.time; }, fault::time);
        refuse([](auto& s) { --s.memory; }, fault::memory);
        refuse([](auto& s) { s.position += 1; }, fault::position);
        refuse([](auto& s) { s.choice[1] = 99; }, fault::choice);
        refuse([](auto& s) { s.optimal = !s.optimal; }, fault::claim);
        // Another option anywhere: never accepted with the same numbers unless it costs the same.
        for (int i = 0; i < good.positions; ++i)
            for (short k = 0; k < 6; ++k) {
                auto bad = good;
                bad.choice[i] = k;
                if (k == good.choice[i]) continue;
                other_choice += st::check_certificate(p, bad) != fault::none;
            }
        if (good.outcome != st::chain_outcome::optimal) continue;
        refuse([](auto& s) { ++s.certificate.value; }, fault::claim);
        refuse([](auto& s) { --s.certificate.value; }, fault::claim);
        refuse([](auto& s) { ++s.certificate.lower_bound; }, fault::lower_bound);
        refuse([](auto& s) { --s.certificate.lower_bound; }, fault::lower_bound);
        refuse([](auto& s) { s.certificate.proof = st::chain_proof::none; }, fault::claim);
        refuse([](auto& s) { s.certificate.multiplier = -1; }, fault::malformed);
        refuse([](auto& s) { s.certificate.shift = 40; }, fault::malformed);
        proven_by_labels += good.certificate.proof == st::chain_proof::labels;
        // A plan that is legal and fits, but is not the fastest: the optimum of the chain without that optimum's time.
        st::chain_search_state<chains::small_problem, 512, 512> other;
        chains::small_problem q = p;
        for (int i = 0; i < good.positions; ++i) {
            q = p;
            q.pins = 0;
            if (p.pins > 0) break;
            q.forbid(i, good.choice[i]);
            auto slower = st::solve(q, other);
            if (slower.outcome != st::chain_outcome::optimal || slower.time == good.time) continue;
            slower.certificate.multiplier = good.certificate.multiplier;
            slower.certificate.shift = good.certificate.shift;
            slower.certificate.lower_bound = good.certificate.lower_bound;
            slower.certificate.proof = st::chain_proof::labels;
            CHECK(st::check_certificate(p, slower) == fault::faster);
            slower.certificate.proof = st::chain_proof::bound;
            CHECK(st::check_certificate(p, slower) == fault::claim);
            ++faster;
        }
    }
    MESSAGE(refused << " changed fields, " << other_choice << " changed choices and " << faster
                    << " slower plans refused; " << proven_by_labels << " proven by labels");
    CHECK(proven_by_labels > 300);
    CHECK(faster > 1'000);
}

TEST_CASE("claims of another outcome are refused") {
    chains::generator g{8};
    int turned = 0;
    for (int n = 0; n < 3'000; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::everything const all = chains::try_all(p);
        chains::set_budget(g, p, all);
        CAPTURE(n);
        auto good = st::solve(p, space);
        if (good.outcome == st::chain_outcome::no_path) continue;
        auto bad = good;
        bad.outcome = st::chain_outcome::no_path, bad.optimal = false;
        CHECK(st::check_certificate(p, bad) == fault::not_least);
        if (good.outcome == st::chain_outcome::optimal) {
            bad.outcome = st::chain_outcome::infeasible;
            CHECK(st::check_certificate(p, bad) == fault::memory);
            p.below = good.time;
            bad = st::solve(p, space);
            CHECK(st::check_certificate(p, bad) == fault::none);
            p.below = good.time + 1;
            bad.certificate.value = p.below;
            CHECK(st::check_certificate(p, bad) != fault::none);
            ++turned;
        } else {
            // A plan that is larger than the smallest, given as the smallest.
            auto q = p;
            q.budget = st::unreachable;
            auto larger = st::solve(q, space);
            larger.outcome = st::chain_outcome::infeasible, larger.optimal = false;
            if (larger.memory > good.memory) CHECK(st::check_certificate(p, larger) == fault::not_least);
        }
    }
    CHECK(turned > 1'000);
}
