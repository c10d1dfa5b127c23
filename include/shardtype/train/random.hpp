#pragma once

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

// Random numbers without state: a number is a function of (key, stream, index) alone, so element i of a
// parameter is the same in every layout, on every rank, in any order. Host only.

namespace shardtype {

/// The number of indices in a stream: the top 16 bits of the index word count retries.
inline constexpr std::uint64_t random_indices = std::uint64_t{1} << 48;

namespace detail {

/// Two independent numbers, uniform in the open interval (0, 1).
struct uniform_pair {
    double first;
    double second;
};

/// 52 bits and a half step: exact in double, never 0 (a logarithm follows) and never 1.
inline double open_unit(std::uint32_t low, std::uint32_t high) {
    const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32 | low) >> 12;
    return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

/// Philox4x32-10 with counter (index + 2^48 retry, stream) and the key as its key.
inline uniform_pair draw(std::uint64_t key, std::uint64_t stream, std::uint64_t index, std::uint64_t retry) {
    if (index >= random_indices)
        throw std::out_of_range("random: index " + std::to_string(index) + " is not below 2^48");
    const std::uint64_t position = index | retry << 48;
    const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
    const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
    const r123::Philox4x32::ctr_type counter = {{low(position), high(position), low(stream), high(stream)}};
    const r123::Philox4x32::key_type secret = {{low(key), high(key)}};
    const r123::Philox4x32::ctr_type words = r123::Philox4x32{}(counter, secret);
    return {open_unit(words[0], words[1]), open_unit(words[2], words[3])};
}

/// Box and Muller's first number; the largest possible magnitude is 8.57.
inline double gaussian(uniform_pair u) {
    constexpr double two_pi = 6.283185307179586476925286766559;
    return std::sqrt(-2 * std::log(u.first)) * std::cos(two_pi * u.second);
}

}  // namespace detail

/// Uniform in the open interval (0, 1). Precondition of all three: index < random_indices.
inline double uniform(std::uint64_t key, std::uint64_t stream, std::uint64_t index) {
    return detail::draw(key, stream, index, 0).first;
}

/// Normal with mean 0 and standard deviation 1.
inline double normal(std::uint64_t key, std::uint64_t stream, std::uint64_t index) {
    return detail::gaussian(detail::draw(key, stream, index, 0));
}

/// Normal, conditioned on lying in [-cut, cut] (cut in standard deviations, positive).
/// Equal to `normal` of the same arguments where that lies inside and cut > 1.
inline double truncated_normal(std::uint64_t key, std::uint64_t stream, std::uint64_t index, double cut) {
    if (!(cut > 0)) throw std::invalid_argument("random: cut " + std::to_string(cut) + " is not positive");
    // A narrow cut proposes evenly and thins out: at least 61 % are taken either way, so retries end.
    for (std::uint64_t retry = 0; retry < 65536; ++retry) {
        const detail::uniform_pair u = detail::draw(key, stream, index, retry);
        if (cut > 1) {
            const double x = detail::gaussian(u);
            if (std::fabs(x) <= cut) return x;
        } else {
            const double x = cut * (2 * u.first - 1);
            if (u.second <= std::exp(-0.5 * x * x)) return x;
        }
    }
    return 0;  // 0.4^65536: not reached
}

}  // namespace shardtype
