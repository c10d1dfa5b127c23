#pragma once

#include <shardtype/comm/cuda/device.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace shardtype::shared_gpu {

using thread::detail::collective;
using thread::detail::operation;
using thread::detail::posting;

/// Whose turn it is to give work to the device, where that matters: while ranks record one CUDA graph together.
class turns {
  public:
    /// Of the one that has its turn.
    /// @{
    void lock() { mutex_.lock(); }
    void unlock() { mutex_.unlock(); }
    /// @}

  private:
    std::mutex mutex_;
};

/// A rank of a world, as its groups see it; for the rank's own thread.
struct seat {
    cudaStream_t compute = nullptr;  ///< of the rank's work
    turns* all = nullptr;            ///< the world's
    int depth = 0;                   ///< how often this rank has taken its turn, one within the other
    comm_cuda::stream own;           ///< where nothing else is bound

    seat() { compute = own.get(); }
    /// Takes this rank's turn; nests.
    void enter() {
        if (depth++ == 0) all->lock();
    }
    /// Gives it up.
    void leave() {
        if (--depth == 0) all->unlock();
    }
};

/// This rank gives work to the device, and no other rank of the world does, until this ends; nests. While the rank
/// waits on the host in a collective, the others have their turn.
class enqueuing {
  public:
    /// Of this rank.
    explicit enqueuing(seat& of) : of_(of) { of_.enter(); }
    enqueuing(enqueuing const&) = delete;
    enqueuing& operator=(enqueuing const&) = delete;
    ~enqueuing() { of_.leave(); }

  private:
    seat& of_;
};

/// This rank waits on the host.
class resting {
  public:
    /// Of this rank, which gives up its turn for as long.
    explicit resting(seat& of) : of_(of) {
        if (of_.depth > 0) of_.all->unlock();
    }
    resting(resting const&) = delete;
    resting& operator=(resting const&) = delete;
    ~resting() {
        if (of_.depth > 0) of_.all->lock();
    }

  private:
    seat& of_;
};

/// Ranks of one device that meet on the host, in a `thread::team`, and whose collectives are then kernels on a stream
/// of the group.
///
/// Whoever is the first to wait where all have started launches the kernel, behind an event of every rank's stream;
/// each rank's stream then waits for the event behind it. No kernel waits for another rank, so ranks need not run at
/// once.
class group {
  public:
    /// @param seats of the group's ranks, which outlive it  @param slots collectives in flight
    /// @param limits of waiting on the host  @param failure the world's, which outlives the group
    group(std::vector<seat*> seats, int slots, thread::patience limits, thread::poison& failure)
        : seats_(std::move(seats)), team_(size(), slots, limits, failure) {
        for (int s = 0; s <= slots; ++s) {
            places_.emplace_back();
            for (int r = 0; r < size(); ++r) places_.back().ready.emplace_back();
            places_.back().uses.resize(seats_.size());
        }
    }

    /// Ranks of the group.
    [[nodiscard]] int size() const noexcept { return static_cast<int>(seats_.size()); }
    /// Where they meet.
    /// @{
    [[nodiscard]] thread::team& team() noexcept { return team_; }
    [[nodiscard]] thread::team const& team() const noexcept { return team_; }
    /// @}
    /// A rank's.
    [[nodiscard]] seat& of(int rank) const noexcept { return *seats_[static_cast<std::size_t>(rank)]; }
    /// Whether a rank is one of it.
    [[nodiscard]] bool has(seat const* rank) const {
        for (seat const* s : seats_)
            if (s == rank) return true;
        return false;
    }
    /// Of the group's kernels.
    [[nodiscard]] cudaStream_t stream() const noexcept { return stream_.get(); }

    /// `rank` shows its operands, which are ready when its stream comes here.
    void start(int rank, posting const& operands) {
        enqueuing const turn(of(rank));
        auto const slot = static_cast<std::size_t>(operands.what.slot);
        if (slot < places_.size())  // before the others are told; the team refuses any other slot
            places_[slot].ready[static_cast<std::size_t>(rank)].record(of(rank).compute);
        team_.start(rank, operands, 0);
        ++places_[slot].uses[static_cast<std::size_t>(rank)];
    }
    /// The stream of `rank` waits for the collective of these operands: `launch(stream)` gives it to the group's
    /// stream, called by one rank for all.
    template <class F>
    void wait(int rank, posting const& operands, bool accumulate, F launch) {
        {
            resting const meanwhile(of(rank));
            team_.wait(rank, operands);
        }
        enqueuing const turn(of(rank));
        place& here = places_[static_cast<std::size_t>(operands.what.slot)];
        {
            std::lock_guard const one(here.one_rank);
            long const use = here.uses[static_cast<std::size_t>(rank)];
            if (here.launched != use) {
                for (comm_cuda::event const& one_is : here.ready) one_is.hold(stream());
                launch(stream());
                here.done.record(stream());
                here.accumulate = accumulate;
                here.launched = use;
            } else if (here.accumulate != accumulate) {
                throw std::runtime_error("mismatched collectives: of " + describe(operands.what) + " rank " +
                                         std::to_string(rank) + " of the group " + (accumulate ? "adds" : "stores") +
                                         " the sum, and another does not");
            }
        }
        here.done.hold(of(rank).compute);
        team_.shared(rank, operands);
    }
    /// `rank` may use the slot again when all have waited. Its stream waits for the collective already.
    void finish(int rank, posting const& operands) {
        resting const meanwhile(of(rank));
        team_.finish(rank, operands);
    }

    /// Back to the state after construction; no rank may be inside.
    void reset() {
        team_.reset();
        comm_cuda::check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
        for (place& p : places_) {
            p.launched = 0;
            for (long& use : p.uses) use = 0;
        }
    }

  private:
    // A slot. A use of it ends for all before the next one begins for any: `finish` waits for that.
    struct place {
        std::mutex one_rank;
        std::deque<comm_cuda::event> ready;  // of each rank
        std::vector<long> uses;              // how often each rank has started here
        comm_cuda::event done;
        long launched = 0;  // the latest use whose kernel is under way
        bool accumulate = false;
    };

    std::vector<seat*> seats_;
    thread::team team_;
    comm_cuda::stream stream_;
    std::deque<place> places_;
};

}  // namespace shardtype::shared_gpu
