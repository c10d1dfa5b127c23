// The compiler itself searches 240 random chains, checks each against trying everything, and verifies the certificates.
#include <doctest/doctest.h>

#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_search.hpp>

#include "../support/random_chain.hpp"

namespace {

namespace st = shardtype;

struct counts {
    int agree = 0, optimal = 0, infeasible = 0, labels = 0;
    long sum = 0;  // of times and memories: the same in every compiler, and at run time
};

constexpr counts search_all(unsigned long seed, int n) {
    chains::generator g{seed};
    counts c;
    for (int k = 0; k < n; ++k) {
        chains::small_problem p = chains::random_chain(g, 4, 4);
        chains::set_budget(g, p, chains::try_all(p));
        chains::everything const all = chains::try_all(p);
        st::chain_search_state<chains::small_problem, 64, 64> space{};
        auto const s = st::solve(p, space);
        bool const fits = all.fastest < st::unreachable;
        c.agree += st::check_certificate<32>(p, s) == st::certificate_fault::none &&
                   (fits             ? s.optimal && s.time == all.fastest && s.memory <= p.budget
                    : all.plans == 0 ? s.outcome == st::chain_outcome::no_path
                                     : s.outcome == st::chain_outcome::infeasible && s.memory == all.least_memory);
        c.optimal += s.optimal;
        c.infeasible += s.outcome == st::chain_outcome::infeasible;
        c.labels += s.certificate.proof == st::chain_proof::labels;
        c.sum += s.time < st::unreachable ? s.time + s.memory : 0;
    }
    return c;
}

// As many to one variable as every compiler's default limits take.
template <unsigned long Seed>
inline constexpr counts searched = search_all(Seed, 12);

template <unsigned long... Seeds>
struct batch {
    static constexpr int agree = (searched<Seeds>.agree + ...), optimal = (searched<Seeds>.optimal + ...);
    static constexpr int infeasible = (searched<Seeds>.infeasible + ...), labels = (searched<Seeds>.labels + ...);
    static constexpr long sum = (searched<Seeds>.sum + ...);
};
using all = batch<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20>;

static_assert(all::agree == 240);
static_assert(all::optimal > 100 && all::infeasible > 20 && all::labels > 10);
static_assert(all::sum == 227648);

}  // namespace

TEST_CASE("run time finds what the compiler found, to the bit") {
    counts all_again;
    for (unsigned long seed = 1; seed <= 20; ++seed) {
        counts const c = search_all(seed, 12);
        all_again.agree += c.agree;
        all_again.labels += c.labels;
        all_again.sum += c.sum;
    }
    CHECK(all_again.agree == all::agree);
    CHECK(all_again.labels == all::labels);
    CHECK(all_again.sum == all::sum);
}
