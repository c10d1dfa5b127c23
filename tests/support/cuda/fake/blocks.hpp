#pragma once
#include "fibres.hpp"
#include "random.hpp"
#include "report.hpp"
#include "types.hpp"

#include <cstring>
#include <source_location>
#include <string>

inline constinit thread_local uint3 threadIdx{};
inline constinit thread_local uint3 blockIdx{};
inline constinit thread_local uint3 blockDim{};
inline constinit thread_local uint3 gridDim{};
inline constexpr int warpSize = 32;

namespace fake {

using code_place = std::source_location;

inline std::string text(code_place const& where) {
    std::string const file = where.file_name();
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

/// One block of a kernel: its threads are fibres of one host thread that switch only where they wait for one another.
/// A fibre runs thread after thread until one has to wait, so a kernel that never waits is a loop of plain calls.
/// Threads start and go on in a random order, so a missing barrier gives wrong numbers.
class block_run {
  public:
    void (*call)(void const*) = nullptr;
    void const* kernel = nullptr;

    /// `run` is called once per thread of the block.
    void run(unsigned threads, random_numbers& random) {
        if (lanes_.size() < threads) lanes_.resize(threads);
        if (warps_.size() < (threads + 31) / 32) warps_.resize((threads + 31) / 32);
        threads_ = threads;
        started_ = done_ = at_barrier_ = 0;
        divergent_ = partial_ = false;
        for (auto& warp : warps_) warp.arrived = 0;
        ready_.clear();
        next_ready_ = 0;
        shuffled const order(threads, random());
        order_ = &order;
        random_ = random();
        if (auto* const first = next(); first != &host_) {
            current() = this;
            switch_fibre(host_, *first);
        }
        if (done_ < threads_) stuck();
    }

    void barrier(code_place const& where) {
        unsigned const me = now_;
        if (at_barrier_ == 0) {
            barrier_place_ = where;
        } else if (where.line() != barrier_place_.line() && !divergent_) {
            divergent_ = true;
            fail("threads of a block wait at different __syncthreads, " + text(barrier_place_) + " and " + text(where) +
                 at_block());
            set_sticky(cudaErrorLaunchFailure);
        }
        if (++at_barrier_ == threads_) {
            at_barrier_ = 0;
            shuffled const order(threads_, random_ = mixed(random_));
            for (unsigned i = 0; i < threads_; ++i) {
                if (order[i] != me) ready_.push_back(order[i]);
            }
        } else {
            wait(me);
        }
    }

    /// What the lane `from(own lane)` of the warp brings.
    template <class T, class From>
    T exchange(T value, unsigned mask, From from, code_place const& where) {
        static_assert(sizeof(T) <= sizeof(std::uint64_t));
        unsigned const me = now_;
        auto& warp = warps_[me / 32];
        auto* const slots = warp.slots[warp.generation % 2];  // a lane is at most one exchange ahead
        std::memcpy(&slots[me % 32], &value, sizeof(T));
        meet(me, mask, where);
        T got;
        std::memcpy(&got, &slots[from(me % 32) % 32], sizeof(T));
        return got;
    }

    void meet(unsigned me, unsigned mask, code_place const& where) {
        auto& warp = warps_[me / 32];
        unsigned const first = me / 32 * 32;
        unsigned const lanes = threads_ - first < 32 ? threads_ - first : 32;
        if ((lanes != 32 || mask != 0xffffffffU) && !partial_) {
            partial_ = true;
            fail("a warp operation without all 32 lanes, " + text(where) + at_block());
            set_sticky(cudaErrorLaunchFailure);
        }
        if (warp.arrived == 0) {
            warp.where = where;
        } else if (where.line() != warp.where.line() && !divergent_) {
            divergent_ = true;
            fail("lanes of a warp are at different warp operations, " + text(warp.where) + " and " + text(where) +
                 at_block());
            set_sticky(cudaErrorLaunchFailure);
        }
        if (++warp.arrived == lanes) {
            warp.arrived = 0;
            ++warp.generation;
            shuffled const order(lanes, random_ = mixed(random_));
            for (unsigned i = 0; i < lanes; ++i) {
                if (first + order[i] != me) ready_.push_back(first + order[i]);
            }
        } else {
            wait(me);
        }
    }

    unsigned now() const { return now_; }

  private:
    struct warp_state {
        std::uint64_t slots[2][32];
        unsigned arrived = 0;
        unsigned generation = 0;
        code_place where;
    };

    static block_run*& current() {
        static constinit thread_local block_run* block = nullptr;
        return block;
    }
    friend block_run& this_block();

    static std::string at_block() {
        return " (block " + std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", " +
               std::to_string(blockIdx.z) + ")";
    }

    void set_thread(unsigned t) {
        now_ = t;
        if (blockDim.x > t) {
            threadIdx = {t, 0, 0};
        } else {
            threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
        }
    }

    /// Where the host thread goes on when one fibre can do no more: a thread that has not started, one that may go on,
    /// or the caller of run().
    fibre* next() {
        if (started_ < threads_) return &fibres.take(work);
        if (next_ready_ == ready_.size()) return &host_;
        auto* const found = lanes_[ready_[next_ready_++]];
        if (next_ready_ == ready_.size()) {
            ready_.clear();
            next_ready_ = 0;
        }
        return found;
    }

    [[noreturn]] static void work() {
        after_switch(nullptr);
        for (;;) {
            auto* block = current();
            while (block->started_ < block->threads_) {
                block->set_thread((*block->order_)[block->started_++]);
                block->call(block->kernel);
                ++block->done_;
            }
            auto& own = *running_fibre;
            if (own.overflowed()) {
                fail("a thread of a block used more than its stack" + at_block());
                std::abort();
            }
            auto* const to = block->next();
            fibres.idle.push_back(&own);
            switch_fibre(own, *to);
        }
    }

    void wait(unsigned me) {
        auto& own = *running_fibre;
        lanes_[me] = &own;
        auto const index = threadIdx;
        if (auto* const to = next(); to != &own) switch_fibre(own, *to);
        now_ = me;
        threadIdx = index;
    }

    /// The fibres of a block that cannot go on are left alone: nobody unwinds them.
    void stuck() {
        std::string line = std::to_string(done_) + " of " + std::to_string(threads_) + " threads of a block have ended";
        if (at_barrier_ > 0) {
            line += ", " + std::to_string(at_barrier_) + " wait at __syncthreads " + text(barrier_place_);
        }
        for (auto const& warp : warps_) {
            if (warp.arrived == 0) continue;
            line += ", " + std::to_string(warp.arrived) + " lanes of a warp wait at " + text(warp.where);
            break;
        }
        fail(line + at_block());
        set_sticky(cudaErrorLaunchFailure);
    }

    fibre host_;
    std::vector<fibre*> lanes_;  ///< where a thread that waits goes on
    std::vector<warp_state> warps_;
    std::vector<unsigned> ready_;
    std::size_t next_ready_ = 0;
    shuffled const* order_ = nullptr;
    std::uint64_t random_ = 0;
    unsigned threads_ = 0, started_ = 0, done_ = 0, at_barrier_ = 0, now_ = 0;
    code_place barrier_place_;
    bool divergent_ = false, partial_ = false;
};

inline block_run& this_block() { return *block_run::current(); }

/// Runs a whole grid; `call(kernel)` is one thread.
inline void run_grid(dim3 grid, dim3 block, void (*call)(void const*), void const* kernel, std::uint64_t random) {
    thread_local block_run run;
    random_numbers numbers{random};
    run.call = call;
    run.kernel = kernel;
    gridDim = {grid.x, grid.y, grid.z};
    blockDim = {block.x, block.y, block.z};
    shuffled const order(grid.x * grid.y * grid.z, numbers());
    for (unsigned i = 0; i < order.n; ++i) {
        unsigned const at = order[i];
        blockIdx = {at % grid.x, at / grid.x % grid.y, at / grid.x / grid.y};
        run.run(block.x * block.y * block.z, numbers);
    }
}

}  // namespace fake
