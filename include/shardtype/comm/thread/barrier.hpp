#pragma once

#include <shardtype/comm/thread/poison.hpp>
#include <shardtype/comm/thread/staging.hpp>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#endif

namespace shardtype::thread {

namespace detail {

inline constexpr int line_bytes = 128;  ///< two cache lines: the adjacent-line prefetcher moves pairs

inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Sleeps until woken, until the low half of `word` is not `seen`, or for 50 ms, so that a failure elsewhere is seen
/// without anybody having to know who sleeps where.
inline void park(std::atomic<std::uint64_t>& word, std::uint64_t seen) noexcept {
#if defined(__linux__)
    timespec const limit{0, 50'000'000};
    auto* const low = reinterpret_cast<std::uint32_t*>(&word) + (std::endian::native == std::endian::big);
    syscall(SYS_futex, low, FUTEX_WAIT_PRIVATE, static_cast<std::uint32_t>(seen), &limit, nullptr, 0);
#else
    (void)word, (void)seen;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
#endif
}

inline void unpark_all(std::atomic<std::uint64_t>& word) noexcept {
#if defined(__linux__)
    auto* const low = reinterpret_cast<std::uint32_t*>(&word) + (std::endian::native == std::endian::big);
    syscall(SYS_futex, low, FUTEX_WAKE_PRIVATE, 0x7fffffff, nullptr, nullptr, 0);
#else
    (void)word;
#endif
}

}  // namespace detail

/// How the ranks of a world wait for each other, and what follows from what a meeting then costs.
struct patience {
    int spins = 0;          ///< looks at the word before sleeping
    int yield_every = 1;    ///< of these looks, every how manyth gives the CPU away instead of pausing
    long staged_bytes = 0;  ///< operands up to this size are copied aside, which saves one meeting of two; see staging

    /// Where every rank has a CPU a sleep costs more than the wait (the yields help where other programs took the CPU
    /// of the late rank); else pausing only holds up the late rank, and a few yields often let it arrive.
    /// Copying aside pays only where a meeting takes microseconds.
    static constexpr patience of(bool ranks_fit_cpus) {
        return ranks_fit_cpus ? patience{4000, 64, 0} : patience{16, 1, staging::operand_bytes};
    }
};

/// A rendezvous in two parts, of a fixed set of ranks, that ends, rather than hangs, when a rank fails or leaves: each
/// rank arrives, and later, or never, waits until all have.
///
/// One word counts arrivals, so a meeting either completes for all or fails for all: a rank that gives up on an
/// incomplete meeting freezes the count first. Whoever came through may therefore read what the others showed when
/// they arrived, even while the world is failing.
class barrier {
  public:
    /// For `parties` ranks; `failure` is the world's and `departed` the group's rank that left, and outlive it.
    barrier(int parties, patience limits, poison const& failure, std::atomic<int> const& departed)
        : parties_(parties), limits_(limits), failure_(failure), departed_(departed) {}

    /// Arrives at meeting number `meeting` (1, 2, ...).
    void arrive(std::uint64_t meeting) noexcept {
        std::uint64_t const seen = word_.fetch_add(1, std::memory_order_seq_cst) + 1;
        if (count(seen) >= due(meeting) && sleepers_.load(std::memory_order_seq_cst) > 0) detail::unpark_all(word_);
    }

    /// Whether all have arrived.
    [[nodiscard]] bool complete(std::uint64_t meeting) const noexcept {
        return count(word_.load(std::memory_order_acquire)) >= due(meeting);
    }

    /// Waits for all, after this rank's arrival.
    /// @throws rank_failed, std::runtime_error where the meeting cannot complete
    void await(std::uint64_t meeting) {
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        for (long tries = 0; count(seen) < due(meeting); ++tries) {
            if (seen & frozen) fail();
            // A rank leaves only after its last arrival: `give_up` looks again.
            if (failure_.raised() || departed_.load(std::memory_order_acquire) >= 0)
                (void)give_up(meeting);
            else
                rest(tries, seen);
            seen = word_.load(std::memory_order_acquire);
        }
    }

    /// The same for a meeting that cannot fail, because all of its ranks are certain to come.
    void await_surely(std::uint64_t meeting) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        for (long tries = 0; count(seen) < due(meeting); ++tries) {
            rest(tries, seen);
            seen = word_.load(std::memory_order_acquire);
        }
    }

    /// From here on nobody comes through an incomplete meeting. @returns false where it is complete
    bool give_up(std::uint64_t meeting) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);
        while (count(seen) < due(meeting) && !(seen & frozen))
            if (word_.compare_exchange_weak(seen, frozen | seen << shift, std::memory_order_acq_rel)) return true;
        return count(seen) < due(meeting);
    }

    /// Starts anew with meeting 1. @pre nobody is at a meeting
    void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

  private:
    // Arrivals so far; once frozen, what it was then in the upper bits, and later arrivals are lost in the lower ones.
    static constexpr std::uint64_t frozen = std::uint64_t{1} << 63;
    static constexpr int shift = 16;

    static std::uint64_t count(std::uint64_t word) noexcept { return word & frozen ? (word & ~frozen) >> shift : word; }
    [[nodiscard]] std::uint64_t due(std::uint64_t meeting) const noexcept {
        return meeting * static_cast<std::uint64_t>(parties_);
    }

    void rest(long tries, std::uint64_t seen) noexcept {
        if (tries < limits_.spins) {
            if ((tries + 1) % limits_.yield_every == 0)
                std::this_thread::yield();
            else
                detail::pause();
            return;
        }
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        detail::park(word_, seen);
        sleepers_.fetch_sub(1, std::memory_order_relaxed);
    }

    [[noreturn]] void fail() const {
        if (failure_.raised()) throw rank_failed(failure_.message());
        throw std::runtime_error("rank " + std::to_string(departed_.load(std::memory_order_acquire)) +
                                 " of the world has returned, others still wait for it in a collective");
    }

    alignas(detail::line_bytes) std::atomic<std::uint64_t> word_{0};
    std::atomic<int> sleepers_{0};
    int parties_;
    patience limits_;
    poison const& failure_;
    std::atomic<int> const& departed_;
};

}  // namespace shardtype::thread
