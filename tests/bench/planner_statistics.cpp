#include <doctest/doctest.h>

#include "../../bench/planner/statistics.hpp"

TEST_CASE("Student's t is that of the tables") {
    double const known[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};
    for (int n = 1; n <= 10; ++n) CHECK(planner::t_quantile(n) == doctest::Approx(known[n - 1]).epsilon(2e-3));
    CHECK(planner::t_quantile(1000) == doctest::Approx(1.9623).epsilon(1e-4));
}

TEST_CASE("the trimmed mean leaves out a fifth on either side, its interval those beyond") {
    auto const e = planner::trimmed_mean({5, 1, 2, 3, 1000});  // 2, 3, 5 are kept; winsorised 2 2 3 5 5
    CHECK(e.value == doctest::Approx(10.0 / 3));
    double const squares = 2 * 1.4 * 1.4 + 0.4 * 0.4 + 2 * 1.6 * 1.6;
    CHECK(e.half == doctest::Approx(4.303 * std::sqrt(squares / (3 * 2))).epsilon(1e-3));
    CHECK(planner::trimmed_mean({7}).half > 1e20);
}

TEST_CASE("the interval holds the mean in 95 of 100 cases") {
    unsigned long state = 1;
    auto const uniform = [&] {
        return static_cast<double>((state = state * 6364136223846793005UL + 1) >> 33) / (1UL << 31);
    };
    int held = 0;
    for (int i = 0; i < 4000; ++i) {
        std::vector<double> x;
        for (int k = 0; k < 12; ++k) {
            double sum = -6;
            for (int j = 0; j < 12; ++j) sum += uniform();
            x.push_back(sum);
        }
        auto const e = planner::trimmed_mean(x);
        held += std::abs(e.value) < e.half ? 1 : 0;
    }
    CHECK(held > 0.93 * 4000);
    CHECK(held < 0.97 * 4000);
}

TEST_CASE("Spearman's correlation") {
    CHECK(planner::rank_correlation({1, 2, 3, 4}, {10, 20, 30, 400}) == doctest::Approx(1));
    CHECK(planner::rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}) == doctest::Approx(-1));
    CHECK(planner::rank_correlation({1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}) == doctest::Approx(1 - 6.0 * 4 / (5 * 24)));
    CHECK(planner::ranks_of({3, 1, 3, 2}) == std::vector<double>{3.5, 1, 3.5, 2});
    CHECK(planner::rank_correlation({1, 1, 1}, {1, 2, 3}) == 0);
}
