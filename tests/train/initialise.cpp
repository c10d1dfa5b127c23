#include <shardtype/train/initialise.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

using shardtype::init;
using shardtype::initial_value;
using shardtype::initialiser;

namespace {

constexpr std::uint64_t count = 200'000;

std::vector<double> values(initialiser how, long layer = 0, long dim = 256, std::uint32_t stream = 5) {
    std::vector<double> x(count);
    for (std::uint64_t i = 0; i < count; ++i) x[i] = static_cast<double>(initial_value(how, 42, stream, i, layer, dim));
    return x;
}

double deviation(const std::vector<double>& x) {
    double mean = 0;
    double square = 0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    for (const double v : x) square += (v - mean) * (v - mean) / static_cast<double>(x.size());
    return std::sqrt(square);
}

double largest(const std::vector<double>& x) {
    double worst = 0;
    for (const double v : x) worst = std::max(worst, std::fabs(v));
    return worst;
}

/// Relative (without scale(0) an Approx is absolute below 1); one standard error of 200,000 draws is 0.16 %.
doctest::Approx about(double expected) { return doctest::Approx(expected).scale(0).epsilon(0.008); }

}  // namespace

TEST_CASE("Llama's initial values have their standard deviations") {
    CHECK(deviation(values({init::normal, 1})) == about(1));
    CHECK(deviation(values({init::truncated_normal, 0.02})) == about(0.02));
    for (const long layer : {0L, 1L, 5L})
        CHECK(deviation(values({init::depth_scaled, 0.02}, layer)) ==
              about(0.02 / std::sqrt(2. * static_cast<double>(layer + 1))));
    // Cut at three sigma, a normal keeps 0.98658 of its deviation.
    CHECK(deviation(values({init::output, 1}, 0, 256)) == about(0.98658 / 16));
    CHECK(deviation(values({init::output, 1}, 0, 64)) == about(0.98658 / 8));
}

TEST_CASE("cuts: absolute 2, and three sigma for the output") {
    CHECK(largest(values({init::normal, 1})) > 4);
    CHECK(largest(values({init::truncated_normal, 0.02})) > 0.08);  // 100 sigma away: not cut in practice
    const double wide = largest(values({init::truncated_normal, 1}));
    CHECK(wide <= 2);
    CHECK(wide > 1.99);
    const double deep = largest(values({init::depth_scaled, 2}, 1));  // sigma 1
    CHECK(deep <= 2);
    CHECK(deep > 1.99);
    const double output = largest(values({init::output, 1}, 0, 256));
    CHECK(output <= 3. / 16);
    CHECK(output > 2.95 / 16);
}

TEST_CASE("constants") {
    CHECK(initial_value({init::ones, 1}, 1, 2, 3, 4, 5) == 1.0f);
    CHECK(initial_value({init::ones, 0.5}, 1, 2, 3, 4, 5) == 0.5f);
    CHECK(initial_value({init::truncated_normal, 0}, 1, 2, 3, 4, 5) == 0.0f);
}

TEST_CASE("a value depends on its place in the whole tensor, not on who draws it or when") {
    constexpr initialiser how{init::output, 1};
    constexpr std::uint64_t rows = 12;
    constexpr std::uint64_t columns = 10;
    std::vector<float> whole;
    for (std::uint64_t i = 0; i < rows * columns; ++i) whole.push_back(initial_value(how, 9, 1, i, 2, 64));
    // Column shards on 2 ranks, drawn backwards.
    for (std::uint64_t rank = 0; rank < 2; ++rank)
        for (std::uint64_t r = rows; r-- > 0;)
            for (std::uint64_t c = 0; c < columns / 2; ++c) {
                const std::uint64_t index = r * columns + rank * (columns / 2) + c;
                CHECK(initial_value(how, 9, 1, index, 2, 64) == whole[index]);
            }
}

TEST_CASE("seed, stream and layer each give other numbers") {
    constexpr initialiser how{init::truncated_normal, 0.02};
    const float base = initial_value(how, 1, 1, 1, 1, 64);
    CHECK(initial_value(how, 2, 1, 1, 1, 64) != base);
    CHECK(initial_value(how, 1, 2, 1, 1, 64) != base);
    CHECK(initial_value(how, 1, 1, 2, 1, 64) != base);
    CHECK(initial_value(how, 1, 1, 1, 2, 64) != base);
    // The layer and the stream do not stand in for one another.
    CHECK(initial_value(how, 1, 2, 1, 3, 64) != initial_value(how, 1, 3, 1, 2, 64));
    // The width plays no part except for the output.
    CHECK(initial_value(how, 1, 1, 1, 1, 128) == base);
}

TEST_CASE("arguments out of range") {
    CHECK_THROWS_WITH_AS(initial_value({}, 1, 1, 1, -1, 64), "initial_value: layer -1 is not in [0, 2^32)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(initial_value({}, 1, 1, 1, 0, 0), "initial_value: dim 0 is not positive",
                         std::invalid_argument);
    CHECK_THROWS_AS(initial_value({init::normal, -1}, 1, 1, 1, 0, 64), std::invalid_argument);
}
