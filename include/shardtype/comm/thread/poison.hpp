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
        if (rank_ >= 0 && !(foretold_ && rank_ == rank)) return;
        foretold_ = false;
        rank_ = rank;
        message_ = std::move(message);
        raised_.store(true, std::memory_order_release);
    }

    /// Records that `rank` fails before its message is known: while it unwinds others may have to end already.
    void foretell(int rank) noexcept {
        std::lock_guard const lock(mutex_);
        if (rank_ >= 0) return;
        foretold_ = true;
        rank_ = rank;
        message_ = "ended with a collective under way";
        raised_.store(true, std::memory_order_release);
    }

    /// Whether a rank has failed.
    [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }

    /// `rank R: <message>` of the first failure, else empty.
    [[nodiscard]] std::string message() const {
        if (!raised()) return {};
        std::lock_guard const lock(mutex_);
        return "rank " + std::to_string(rank_) + ": " + message_;
    }

    /// Forgets the failure. @pre no rank runs
    void clear() noexcept {
        rank_ = -1;
        foretold_ = false;
        message_.clear();
        raised_.store(false, std::memory_order_release);
    }

  private:
    std::atomic<bool> raised_{false};
    mutable std::mutex mutex_;
    int rank_ = -1;
    bool foretold_ = false;
    std::string message_;
};

}  // namespace shardtype::thread
