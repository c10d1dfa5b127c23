#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>

namespace shardtype::thread {

/// Thrown in a rank that cannot go on because another rank has failed; carries that rank's message.
struct rank_failed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One flag for a whole world: the first rank to fail stores its message, and every wait of every rank looks at it.
class poison {
  public:
    poison() = default;
    poison(poison const&) = delete;
    poison& operator=(poison const&) = delete;

    /// Records the failure of `rank`; only the first one of a run is kept.
    void raise(int rank, std::string message) noexcept {
        std::lock_guard const lock(mutex_);
        if (rank_ >= 0) return;
        rank_ = rank;
        message_ = std::move(message);
        raised_.store(true, std::memory_order_release);
    }

    /// Whether a rank has failed.
    [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }

    /// `rank R: <message>` of the first failure, else empty.
    [[nodiscard]] std::string message() const {
        if (!raised()) return {};
        return "rank " + std::to_string(rank_) + ": " + message_;  // both are constant once raised
    }

    /// Forgets the failure. @pre no rank runs
    void clear() noexcept {
        rank_ = -1;
        message_.clear();
        raised_.store(false, std::memory_order_release);
    }

  private:
    std::atomic<bool> raised_{false};
    std::mutex mutex_;
    int rank_ = -1;
    std::string message_;
};

}  // namespace shardtype::thread
