#include <shardtype/optim/learning_rate.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>

using shardtype::learning_rate;

namespace {

std::string refusal(const learning_rate& rate) {
    try {
        rate.check();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "";
}

static_assert(learning_rate{}.at(2) > learning_rate{}.at(1));  // usable by the compiler

}  // namespace

TEST_CASE("the reference run's rates, bit for bit") {
    // lr_per_step of the float64 reference run (tests/data/gold_mha/run.json).
    constexpr double expected[] = {0.0002666666666666667,  0.0005333333333333334,  0.0007111111111111111,
                                   0.0006222222222222223,  0.0005333333333333335,  0.00044444444444444447,
                                   0.00035555555555555557, 0.00026666666666666673, 0.00017777777777777779,
                                   8.888888888888893e-05};
    constexpr learning_rate rate;
    for (long s = 0; s < 10; ++s) CHECK(rate.at(s) == expected[s]);
}

TEST_CASE("warm up, stay, decay") {
    constexpr learning_rate rate{.base = 2, .warmup = 3, .decay_ratio = 0.4, .minimum = 0, .steps = 10};
    constexpr double expected[] = {0.5, 1, 1.5, 2, 2, 2, 1.6, 1.2, 0.8, 0.4};
    for (long s = 0; s < 10; ++s) CHECK(rate.at(s) == doctest::Approx(expected[s]).epsilon(1e-14));
    CHECK(rate.at(-1) == rate.at(0));
    CHECK(rate.at(10) == 0);
    CHECK(rate.at(std::numeric_limits<long>::max()) == 0);
}

TEST_CASE("the decay heads for the minimum, the warmup does not start from it") {
    constexpr learning_rate rate{.base = 1, .warmup = 1, .decay_ratio = 0.5, .minimum = 0.1, .steps = 4};
    constexpr double expected[] = {0.5, 1, 0.1 + 0.9 * 2 / 3, 0.1 + 0.9 / 3};
    for (long s = 0; s < 4; ++s) CHECK(rate.at(s) == doctest::Approx(expected[s]).epsilon(1e-14));
    CHECK(rate.at(4) == doctest::Approx(0.1));
    CHECK(rate.at(1000) == doctest::Approx(0.1));
}

TEST_CASE("what does not fit") {
    // Longer warmup than training: it rises to the end, over `steps`.
    constexpr learning_rate rising{.base = 1, .warmup = 100, .decay_ratio = 0.8, .minimum = 0, .steps = 3};
    CHECK(rising.warm_steps() == 3);
    CHECK(rising.decay_steps() == 0);
    for (long s = 0; s < 3; ++s) CHECK(rising.at(s) == doctest::Approx(static_cast<double>(s + 1) / 4));

    // Warmup and decay overlap: the decay gives way.
    constexpr learning_rate tight{.base = 1, .warmup = 4, .decay_ratio = 1, .minimum = 0, .steps = 6};
    CHECK(tight.decay_steps() == 2);
    CHECK(tight.at(3) == doctest::Approx(0.8));
    CHECK(tight.at(4) == doctest::Approx(2. / 3));
    CHECK(tight.at(5) == doctest::Approx(1. / 3));

    constexpr learning_rate constant{.base = 3, .warmup = 0, .decay_ratio = 0, .minimum = 0, .steps = 2};
    CHECK(constant.at(0) == 3);
    CHECK(constant.at(1) == 3);

    constexpr learning_rate single{.base = 1, .warmup = 0, .decay_ratio = 1, .minimum = 0, .steps = 1};
    CHECK(single.at(0) == 0.5);
}

TEST_CASE("the decay's length is rounded half to even") {
    const auto decay = [](double ratio, long steps) { return learning_rate{1, 0, ratio, 0, steps}.decay_steps(); };
    CHECK(decay(0.5, 5) == 2);
    CHECK(decay(0.5, 7) == 4);
    CHECK(decay(0.25, 7) == 2);
    CHECK(decay(0.8, 12) == 10);
    CHECK(decay(0.8, 13) == 10);
}

TEST_CASE("senseless schedules are refused by name and value") {
    CHECK(refusal({}) == "");
    CHECK(refusal({.steps = 0}) == "learning_rate: steps = 0 must be 1 or more");
    CHECK(refusal({.warmup = -2}) == "learning_rate: warmup = -2 must be 0 or more steps");
    CHECK(refusal({.decay_ratio = 1.5}) == "learning_rate: decay_ratio = 1.500000 must be in [0, 1]");
    CHECK(refusal({.minimum = -1}) == "learning_rate: minimum = -1.000000 must be in [0, 1]");
    CHECK(refusal({.base = 0}) == "learning_rate: base = 0.000000 must be a positive number");
    CHECK(refusal({.base = std::numeric_limits<double>::quiet_NaN()}) ==
          "learning_rate: base = nan must be a positive number");
}
