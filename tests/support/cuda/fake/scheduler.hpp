#pragma once
#include "memory.hpp"
#include "random.hpp"
#include "report.hpp"
#include "types.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

/// All work of all streams as a graph of operations. Nothing runs before some host thread waits or asks; then that
/// thread runs operations whose predecessors are done, in an order chosen by the seed.
namespace fake {

struct op {
    std::function<void()> run;        ///< without the scheduler's lock; may be empty
    std::function<void(op&)> arrive;  ///< with the lock, when all predecessors are done: then others make it ready
    std::vector<std::shared_ptr<op>> followers;
    char const* what = "";
    int device = 0;
    unsigned lane = 0;  ///< of the stream: operations of one lane are preferred or put off together
    int blockers = 0;
    bool running = false;
    bool done = false;
    std::chrono::steady_clock::time_point finished{};
    std::shared_ptr<op> self;  ///< held until done
};
using op_ptr = std::shared_ptr<op>;

class scheduler {
  public:
    std::mutex mutex;

    scheduler() = default;
    scheduler(scheduler const&) = delete;
    scheduler& operator=(scheduler const&) = delete;
    ~scheduler() { forget(); }

    void set_seed(std::uint64_t value) {
        std::lock_guard const lock(mutex);
        seed = value;
        random_.state = mixed(value);
        epoch_ = random_();
    }

    /// With the lock. `added` follows all of `before` (null and done ones are ignored).
    void add(op_ptr const& added, std::vector<op_ptr> const& before) {
        added->self = added;
        pending_.insert(added.get());
        for (auto const& previous : before) {
            if (previous == nullptr || previous->done) continue;
            previous->followers.push_back(added);
            ++added->blockers;
        }
        if (added->blockers == 0) free_to_go(*added);
    }

    /// With the lock: `waiting` may run, or is ended if it has nothing to run.
    void make_ready(op& waiting) {
        ready_.push_back(&waiting);
        changed_.notify_all();
    }

    /// With the lock, and with open memory. Runs one operation if there is any, unlocked meanwhile.
    bool step(std::unique_lock<std::mutex>& lock) {
        if (ready_.empty()) return false;
        op* const chosen = take();
        chosen->running = true;
        if (chosen->run) {
            auto const run = std::move(chosen->run);
            lock.unlock();
            run();
            lock.lock();
        }
        finish(*chosen);
        return true;
    }

    /// With the lock: until `awaited` is done. Blocks as the device would.
    void wait(std::unique_lock<std::mutex>& lock, op_ptr const& awaited) {
        auto const limit = std::chrono::seconds(number_from_environment("FAKE_CUDA_HANG_SECONDS", 60));
        auto quiet_since = std::chrono::steady_clock::now();
        while (awaited != nullptr && !awaited->done) {
            if (!ready_.empty()) {
                open_memory const open;
                while (!awaited->done && step(lock)) {
                }
                quiet_since = std::chrono::steady_clock::now();
                continue;
            }
            changed_.wait_for(lock, std::chrono::milliseconds(200));
            if (ready_.empty() && std::chrono::steady_clock::now() - quiet_since > limit) {
                std::fprintf(stderr, "fake CUDA: a host thread waits for ever for: %s\n", awaited->what);
                for (auto const* left : pending_) {
                    std::fprintf(stderr, "    pending: %s on device %d, %d predecessors\n", left->what, left->device,
                                 left->blockers);
                }
                std::abort();
            }
        }
    }

    /// With the lock: until another host thread makes `condition` true; this one runs no operations.
    template <class Condition>
    void wait_for_host(std::unique_lock<std::mutex>& lock, Condition condition) {
        while (!condition()) changed_.wait_for(lock, std::chrono::milliseconds(200));
    }
    void notify() { changed_.notify_all(); }

    /// With the lock: a few operations, or none, as the seed wills.
    void poke(std::unique_lock<std::mutex>& lock) {
        auto steps = random_.below(4);
        if (steps == 0 || ready_.empty()) return;
        open_memory const open;
        while (steps > 0 && step(lock)) --steps;
    }

    /// With the lock: a moment for the other host threads, where only they can go on. Hosts ask in loops, and spinning
    /// threads take the processors from the one that could go on.
    void pause(std::unique_lock<std::mutex>& lock) {
        if (ready_.empty()) changed_.wait_for(lock, std::chrono::microseconds(100));
    }

    /// With the lock: until all that can run now has run, also what other host threads are running.
    void drain(std::unique_lock<std::mutex>& lock) {
        if (!ready_.empty()) {
            open_memory const open;
            while (step(lock)) {
            }
        }
        std::vector<op_ptr> running;
        for (auto const* left : pending_) {
            if (left->running) running.push_back(left->self);
        }
        for (auto const& left : running) wait(lock, left);
    }

    /// With the lock: unfinished operations of one device.
    std::vector<op_ptr> pending(int device) const {
        std::vector<op_ptr> found;
        for (auto const* left : pending_) {
            if (left->device == device) found.push_back(left->self);
        }
        return found;
    }

    /// Forgets all pending work: for a test that leaves some behind. No other host thread may be waiting.
    void forget() {
        std::lock_guard const lock(mutex);
        ready_.clear();
        std::vector<op_ptr> dropped;
        for (auto* left : pending_) dropped.push_back(std::move(left->self));
        pending_.clear();
        for (auto const& left : dropped) {
            left->done = true;
            left->followers.clear();
            left->run = nullptr;
            left->arrive = nullptr;
        }
        changed_.notify_all();
    }

    std::uint64_t number() {
        std::lock_guard const lock(mutex);
        return random_();
    }
    unsigned new_lane() { return ++lanes_; }

    /// With the lock: an operation is done; its followers may run.
    void finish(op& ended) {
        ended.done = true;
        ended.finished = std::chrono::steady_clock::now();
        pending_.erase(&ended);
        auto const keep = std::move(ended.self);
        auto const followers = std::move(ended.followers);
        ended.arrive = nullptr;
        for (auto const& next : followers) {
            if (--next->blockers == 0 && !next->done) free_to_go(*next);
        }
        changed_.notify_all();
    }

  private:
    void free_to_go(op& next) {
        if (next.arrive) {
            next.arrive(next);
        } else {
            make_ready(next);
        }
    }

    /// Lanes have priorities that change now and then: long runs of one stream while others stand still, which are
    /// what finds a missing event, are as likely as a fair order.
    op* take() {
        if (random_.below(6) == 0) epoch_ = random_();
        std::size_t best = 0;
        std::uint64_t best_priority = 0;
        for (std::size_t i = 0; i < ready_.size(); ++i) {
            auto const priority = mixed(epoch_ + ready_[i]->lane);
            if (priority < best_priority) continue;
            best = i;
            best_priority = priority;
        }
        op* const chosen = ready_[best];
        ready_[best] = ready_.back();
        ready_.pop_back();
        return chosen;
    }

    std::condition_variable changed_;
    std::vector<op*> ready_;
    std::unordered_set<op*> pending_;
    random_numbers random_{mixed(seed)};
    std::uint64_t epoch_ = 0;
    unsigned lanes_ = 0;
};
inline scheduler world;

/// A number that the seed chooses.
inline std::uint64_t world_number() { return world.number(); }
inline void set_seed(std::uint64_t value) { world.set_seed(value); }

}  // namespace fake
