#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shardtype::bench::detail {

inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// From the first rank's begin to the last one's end. One rank's clock would not do: where ranks outnumber the CPUs it
/// may leave a barrier after others have done their work. Each rank writes its own times; they are read after a
/// barrier.
class span {
  public:
    explicit span(int ranks) : of_(static_cast<std::size_t>(ranks)) {}
    void begin(int rank) { of_[static_cast<std::size_t>(rank)].begin = now(); }
    void end(int rank) { of_[static_cast<std::size_t>(rank)].end = now(); }
    double seconds() const {
        double first = of_[0].begin, last = of_[0].end;
        for (times const& t : of_) first = std::min(first, t.begin), last = std::max(last, t.end);
        return last - first;
    }

  private:
    struct alignas(64) times {
        double begin = 0, end = 0;
    };
    std::vector<times> of_;
};

/// Evenly distributed in [-1, 1), a function of its arguments alone (splitmix64): cheap enough to fill any memory.
inline double noise(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = (seed << 32) + (index + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
}
template <class T>
void fill_with_noise(T* values, long count, std::uint64_t seed) {
    for (long i = 0; i < count; ++i) values[i] = static_cast<T>(noise(seed, static_cast<std::uint64_t>(i)));
}

}  // namespace shardtype::bench::detail
