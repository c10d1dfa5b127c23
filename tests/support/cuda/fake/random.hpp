#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace fake {

/// splitmix64: small, good enough to choose orders.
constexpr std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

struct random_numbers {
    std::uint64_t state = 1;
    std::uint64_t operator()() { return mixed(++state); }
    /// below n, which is at least 1
    std::uint64_t below(std::uint64_t n) { return (*this)() % n; }
};

inline long number_from_environment(char const* name, long otherwise) {
    char const* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::atol(text);
}

/// The seed of all choices: FAKE_CUDA_SEED, default 1; set_seed (scheduler.hpp) changes it.
inline std::atomic<std::uint64_t> seed = static_cast<std::uint64_t>(number_from_environment("FAKE_CUDA_SEED", 1));

/// 0 .. n-1 in one of many orders, without memory: start and stride.
struct shuffled {
    unsigned n, start, stride;
    shuffled(unsigned n_, std::uint64_t random) : n(n_), start(static_cast<unsigned>(random % n_)), stride(1) {
        switch ((random >> 32) % 4) {
            case 0:
                break;
            case 1:
                stride = n - 1;
                break;
            default:
                stride = static_cast<unsigned>((random >> 40) % n);
        }
        auto divides = [](unsigned a, unsigned b) {
            while (b != 0) {
                unsigned const rest = a % b;
                a = b;
                b = rest;
            }
            return a;
        };
        while (divides(n, stride) != 1) stride = (stride + 1) % n;
    }
    unsigned operator[](unsigned i) const {
        return static_cast<unsigned>((start + static_cast<std::uint64_t>(i) * stride) % n);
    }
};

}  // namespace fake
