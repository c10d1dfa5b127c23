#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/kernels/cpu/gemm.hpp>

namespace shardtype {

namespace detail {

/// Seconds of a clock that never goes back.
inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// From the first rank's begin to the last one's end. One rank's clock would not do: where ranks outnumber the CPUs it
/// may leave a barrier after others have done their work. Each rank writes its own times; they are read after a
/// barrier.
class rank_times {
  public:
    explicit rank_times(int ranks) : of_(static_cast<std::size_t>(ranks)) {}
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

/// The shortest time in which `threads` threads at once each do what make(thread number) returns.
template <class Make>
double best_seconds(int threads, Make make) {
    double best = 1e30;
    rank_times taken(threads);
    thread::world world(&threads, 1, 1);
    world.run([&](thread::rank_communicators& me) {
        cpu::use_threads(1);
        auto work = make(me.rank);
        work();
        double const begin = now();
        for (double more = 1; more != 0;) {
            me.all.barrier();
            taken.begin(me.rank);
            work();
            taken.end(me.rank);
            me.all.barrier();
            if (me.rank == 0) best = std::min(best, taken.seconds()), more = now() - begin < 0.15 ? 1 : 0;
            me.all.broadcast(&more, 1, 0);
        }
    });
    return best;
}

}  // namespace detail

/// Flops per second of float32 products of 1024 x 1024 x 1024 by oneDNN, one on each of `threads` threads at once: the best
/// of many tries in 0.15 s, since other programs may run beside them. What an `mfu` is a share of.
inline double product_peak(int threads) {
    constexpr long n = 1024;
    threads = std::min(threads, thread::communicator::max_size);
    struct product {
        cpu::gemm<float> multiply{n, n, n, false, false, false};
        std::vector<float> a{std::vector<float>(n * n)}, b{a}, c{a};
        std::vector<float> scratch{
            std::vector<float>(static_cast<std::size_t>(multiply.scratch_bytes()) / sizeof(float) + 32)};
        explicit product(int) {
            detail::fill_with_noise(a.data(), n * n, 1), detail::fill_with_noise(b.data(), n * n, 2);
        }
        void operator()() {
            auto const bytes = static_cast<std::size_t>(multiply.scratch_bytes());
            void* aligned = scratch.data();
            std::size_t room = scratch.size() * sizeof(float);
            std::align(64, bytes, aligned, room);
            multiply({aligned, bytes}, a.data(), b.data(), c.data());
        }
    };
    return 2.0 * n * n * n * threads / detail::best_seconds(threads, [](int thread) { return product(thread); });
}

}  // namespace shardtype
