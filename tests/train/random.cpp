#include <shardtype/train/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

namespace st = shardtype;

namespace {

constexpr std::uint64_t count = 200'000;

struct moments {
    double mean = 0;
    double variance = 0;
};

moments of(const std::vector<double>& x) {
    moments m;
    for (const double v : x) m.mean += v / static_cast<double>(x.size());
    for (const double v : x) m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(x.size());
    return m;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const moments a = of(x);
    const moments b = of(y);
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - a.mean) * (y[i] - b.mean);
    return sum / static_cast<double>(x.size()) / std::sqrt(a.variance * b.variance);
}

/// Largest distance between the sample's distribution and a given one, times sqrt(n): above 2.2 once in 8,000.
template <typename Distribution>
double kolmogorov(std::vector<double> x, Distribution&& below) {
    std::sort(x.begin(), x.end());
    const auto n = static_cast<double>(x.size());
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = below(x[i]);
        worst = std::max({worst, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
    }
    return worst * std::sqrt(n);
}

double normal_below(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.)); }

double unit(std::uint32_t low, std::uint32_t high) {
    return (std::floor(static_cast<double>(high) * 0x1p20) + static_cast<double>(low >> 12) + 0.5) * 0x1p-52;
}

template <typename Draw>
std::vector<double> sample(Draw&& draw) {
    std::vector<double> x(count);
    for (std::uint64_t i = 0; i < count; ++i) x[i] = draw(i);
    return x;
}

}  // namespace

TEST_CASE("the generator is Philox4x32-10 with the published answers") {
    // Counter and key 0; then the digits of pi: counter {243f6a88 85a308d3 13198a2e 03707344}. The second word of
    // the counter holds 16 bits of index and 16 of retry.
    CHECK(st::uniform(0, 0, 0) == unit(0x6627e8d5, 0xe169c58d));
    const st::detail::uniform_pair first = st::detail::draw(0, 0, 0, 0);
    CHECK(first.second == unit(0xbc57ac4c, 0x9b00dbd8));
    const st::detail::uniform_pair pi =
        st::detail::draw(0x299f31d0'a4093822, 0x03707344'13198a2e, 0x08d3'243f6a88, 0x85a3);
    CHECK(pi.first == unit(0xd16cfe09, 0x94fdcceb));
    CHECK(pi.second == unit(0x5001e420, 0x24126ea1));
}

TEST_CASE("uniform: open interval, even") {
    const std::vector<double> x = sample([](std::uint64_t i) { return st::uniform(7, 3, i); });
    CHECK(*std::min_element(x.begin(), x.end()) > 0);
    CHECK(*std::max_element(x.begin(), x.end()) < 1);
    CHECK(kolmogorov(x, [](double v) { return v; }) < 2.2);
    CHECK(st::detail::open_unit(0, 0) > 0);
    CHECK(st::detail::open_unit(0xffffffff, 0xffffffff) < 1);
}

TEST_CASE("normal: distribution and moments") {
    const std::vector<double> x = sample([](std::uint64_t i) { return st::normal(7, 3, i); });
    const moments m = of(x);
    CHECK(std::fabs(m.mean) < 5 / std::sqrt(static_cast<double>(count)));
    CHECK(std::fabs(m.variance - 1) < 5 * std::sqrt(2. / static_cast<double>(count)));
    CHECK(kolmogorov(x, normal_below) < 2.2);
}

TEST_CASE("normal: Box and Muller's formula on the published words") {
    const double u = unit(0x6627e8d5, 0xe169c58d);
    const double v = unit(0xbc57ac4c, 0x9b00dbd8);
    const double expected = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::acos(-1.) * v);
    CHECK(st::normal(0, 0, 0) == doctest::Approx(expected).scale(0).epsilon(1e-14));
}

TEST_CASE("truncated normal: distribution at wide and narrow cuts") {
    for (const double cut : {0.01, 0.5, 1.0, 1.5, 3.0, 100.0}) {
        CAPTURE(cut);
        const std::vector<double> x = sample([=](std::uint64_t i) { return st::truncated_normal(7, 3, i, cut); });
        CHECK(std::all_of(x.begin(), x.end(), [=](double v) { return std::fabs(v) <= cut; }));
        const double low = normal_below(-cut);
        const double mass = normal_below(cut) - low;
        CHECK(kolmogorov(x, [=](double v) { return (normal_below(v) - low) / mass; }) < 2.2);
    }
}

TEST_CASE("truncated normal: what lies inside is left as it is") {
    int redrawn = 0;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const double plain = st::normal(1, 2, i);
        const double cut = st::truncated_normal(1, 2, i, 2);
        if (std::fabs(plain) <= 2)
            CHECK(cut == plain);
        else
            ++redrawn;
        CHECK(st::truncated_normal(1, 2, i, 100) == plain);
    }
    CHECK(redrawn > 380);  // 455 expected
    CHECK(redrawn < 530);
}

TEST_CASE("keys, streams, indices and retries are independent") {
    const auto base = sample([](std::uint64_t i) { return st::normal(1, 1, i); });
    const double limit = 5 / std::sqrt(static_cast<double>(count));
    CHECK(std::fabs(correlation(base, sample([](std::uint64_t i) { return st::normal(2, 1, i); }))) < limit);
    CHECK(std::fabs(correlation(base, sample([](std::uint64_t i) { return st::normal(1, 2, i); }))) < limit);
    CHECK(std::fabs(correlation(base, sample([](std::uint64_t i) { return st::normal(1, 1, i + 1); }))) < limit);
    // Every bit of every argument counts.
    std::set<double> seen{st::uniform(0, 0, 0)};
    for (int bit = 0; bit < 64; ++bit) {
        const std::uint64_t one = std::uint64_t{1} << bit;
        CHECK(seen.insert(st::uniform(one, 0, 0)).second);
        CHECK(seen.insert(st::uniform(0, one, 0)).second);
        if (bit < 48) CHECK(seen.insert(st::uniform(0, 0, one)).second);
        if (bit < 16) CHECK(seen.insert(st::detail::draw(0, 0, 0, one).first).second);
    }
}

TEST_CASE("arguments out of range") {
    CHECK_THROWS_WITH_AS(st::uniform(0, 0, st::random_indices), "random: index 281474976710656 is not below 2^48",
                         std::out_of_range);
    CHECK_THROWS_WITH_AS(st::truncated_normal(0, 0, 0, 0), "random: cut 0.000000 is not positive",
                         std::invalid_argument);
    CHECK_THROWS_AS(st::truncated_normal(0, 0, 0, std::nan("")), std::invalid_argument);
}
