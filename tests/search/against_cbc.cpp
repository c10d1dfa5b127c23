// The search against an integer linear program: cbc shares nothing with it, and not with trying everything either.
#include <shardtype/search/chain_search.hpp>

#include "../support/against_cbc.hpp"
#include "../support/random_chain.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

namespace st = shardtype;
namespace ip = integer_program;

TEST_CASE("cbc finds what the search finds, on 200 random chains, stated by positions and by runs") {
    if (!ip::have_cbc()) {
        std::puts("skipped: cbc (coinor-cbc) is not installed, so no integer program was solved");
        return;
    }
    auto const folder = std::filesystem::temp_directory_path() / ("against_cbc_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    static st::chain_search_state<chains::small_problem> room;
    chains::generator g{7};
    int plans = 0, none = 0;
    for (int n = 0; n < 200; ++n) {
        chains::small_problem p = chains::random_chain(g);
        chains::set_budget(g, p, chains::try_all(p));
        auto s = st::solve(p, room);
        if (n % 8 == 0 && s.optimal) p.below = s.time + n % 16 / 8, s = st::solve(p, room);
        for (auto how : {ip::formulation::by_positions, ip::formulation::by_runs}) {
            CAPTURE(n);
            ip::verdict const v = ip::against_cbc(p, s, how, folder, "chain", 20);
            CHECK_MESSAGE(v.equal, v.words);
        }
        (s.optimal ? plans : none) += 1;
    }
    std::filesystem::remove_all(folder);
    MESSAGE(plans << " with a plan, " << none << " without");
    CHECK(plans > 80);
    CHECK(none > 30);
}
