#pragma once

#include <shardtype/comm/nccl/watch.hpp>

#include <memory>

namespace shardtype::nccl {

/// One rank's part in a group of ranks: a communicator of NCCL's, and what is under way in its slots.
class group {
  public:
    struct flight;

    /// `of`: null for a group of one rank. `its`: what messages call it. The watch, which aborts `of`, outlives it.
    group(ncclComm_t of, int rank, int size, watch::label its, int slots, watch& rank_watch)
        : of_(of), rank_(rank), size_(size), label_(std::move(its)), slots_(slots), watch_(rank_watch) {
        for (int s = 0; s <= slots; ++s) flights_.push_back(std::make_unique<flight>());
        if (watch_.with().check || size_ > 1) {
            compared_.resize(at(size_ + 1) * sizeof(words));
            host_compared_.resize(at(size_ + 1) * sizeof(words));
        }
    }
    group(group const&) = delete;
    group& operator=(group const&) = delete;

    /// Its place in the group, and the group's ranks.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int size() const noexcept { return size_; }
    /// @}
    /// The slot behind the caller's, for the calls that are start, wait and finish in one.
    [[nodiscard]] int own_slot() const noexcept { return slots_; }
    /// NCCL's.
    [[nodiscard]] ncclComm_t comm() const noexcept { return of_; }
    /// The stream of the rank's work, and the one of its collectives.
    /// @{
    [[nodiscard]] cudaStream_t compute() const noexcept { return watch_.compute(); }
    [[nodiscard]] cudaStream_t stream() const noexcept { return watch_.comm(); }
    /// @}
    /// The rank's.
    [[nodiscard]] watch& rank_watch() const noexcept { return watch_; }

    /// The room of a slot is this memory of the device until the next finish there, if it is enough.
    void lend(int slot, std::byte* memory, long bytes) {
        flight& f = *flights_.at(at(slot));
        f.room_ = memory;
        f.room_bytes = bytes;
    }

    /// What is summed in this slot is stored and not added, until the next finish there: it needs no room.
    void only_stores(int slot) { flights_.at(at(slot))->stores = true; }

    /// Begins the collective of these operands: `enqueue(flight&)` gives it to `stream()`, behind all that `compute()`
    /// has been given. Enqueues only, but for the first call of a kind, when NCCL connects ranks.
    /// @throws std::runtime_error if the slot is in use; std::invalid_argument for sizes out of range
    template <class F>
    void start(posting const& operands, long room, F enqueue) {
        watch_.refuse();
        flight& f = *flights_[checked(operands.what)];
        if (f.now != phase::none)
            throw std::runtime_error(describe(operands.what) + " starts in a slot where " + describe(f.operands.what) +
                                     " has not been " + (f.now == phase::started ? "waited for" : "finished"));
        bool const captured = comm_cuda::capturing(compute());
        if (!f.stores && room > f.room_bytes) grow(f, operands.what, room, captured);
        watch_.fork();
        watch::record now{&label_, operands.what, number_++, false};
        if (watch_.with().check) [[unlikely]]
            compare(now, captured);
        operation const& o = operands.what;
        if (size_ > 1 && (o.kind == collective::barrier || o.outer * o.split * o.middle * o.block > 0)) {
            long const id = watch_.begin(now, captured);
            watch_.settle(enqueue(f), of_, now);
            watch_.end(id);
        } else if (size_ == 1) {
            (void)enqueue(f);
        }
        f.done.record(stream());
        f.operands = operands;
        f.now = phase::started;
    }
    /// The rank's work waits for the collective of these operands.
    /// @throws std::runtime_error where this rank started something else there
    flight& wait(posting const& operands) {
        watch_.refuse();
        flight& f = expect(operands, phase::started, "wait for ");
        f.done.hold(compute());
        f.now = phase::shared;
        return f;
    }
    /// Ends the collective of these operands: the rank's work waits for it already.
    void finish(posting const& operands) { expect(operands, phase::shared, "finish of ").end(); }
    /// Forgets what has not been finished. @returns whether there is such a collective
    bool forget() noexcept {
        bool any = false;
        for (auto& f : flights_) {
            any = any || f->now != phase::none;
            f->end();
        }
        return any;
    }

    /// Several calls of NCCL's as one; the first error counts.
    template <class F>
    static ncclResult_t together(long calls, F call) {
        if (ncclResult_t const begun = ncclGroupStart(); begun != ncclSuccess) return begun;
        ncclResult_t first = ncclSuccess;
        for (long i = 0; i < calls && (first == ncclSuccess || first == ncclInProgress); ++i) first = call(i);
        ncclResult_t const ended = ncclGroupEnd();
        return first == ncclSuccess || first == ncclInProgress ? ended : first;
    }

    /// A memory of the group's own, on the device: two numbers, for a barrier.
    [[nodiscard]] int* own_numbers() const noexcept { return compared_.get<int>(); }

  private:
    enum class phase : unsigned char { none, started, shared };
    // An operation, for the comparison.
    struct words {
        int of[24];
    };
    static_assert(sizeof(operation) + sizeof(long) <= sizeof(words));

  public:
    /// A collective under way.
    struct flight {
        /// Its room.
        template <class T>
        T* room() {
            return reinterpret_cast<T*>(room_);
        }
        /// See `only_stores`.
        [[nodiscard]] bool only_stores() const noexcept { return stores; }

      private:
        friend group;
        // What was said of the slot was of this use: the next may be somebody else's.
        void end() noexcept {
            now = phase::none;
            stores = false;
            room_ = grown.get();
            room_bytes = grown_bytes;
        }
        posting operands{};
        phase now = phase::none;
        comm_cuda::event done;
        std::byte* room_ = nullptr;
        long room_bytes = 0;
        bool stores = false;
        comm_cuda::memory<false> grown;  // room where none was lent, or too little
        long grown_bytes = 0;
    };

  private:
    static std::size_t at(int i) noexcept { return static_cast<std::size_t>(i); }

    void grow(flight& f, operation const& what, long room, bool captured) {
        if (captured)
            throw std::runtime_error(describe(what) + " of " + label_.name + " has a room of " +
                                     std::to_string(f.room_bytes) + " bytes and takes " + std::to_string(room) +
                                     ": in a CUDA graph nothing is allocated, lend it before");
        watch_.synchronise(compute());
        watch_.synchronise(stream());
        f.grown_bytes = 0;
        f.grown.resize(static_cast<std::size_t>(room));
        f.grown_bytes = room;
        lend(what.slot, f.grown.get(), room);
    }

    // Every rank shows all others of the group what it is about to do.
    void compare(watch::record now, bool captured) {
        if (captured)
            throw std::runtime_error(
                "SHARDTYPE_CHECK_COLLECTIVES=1 compares collectives on the host, and a CUDA graph "
                "records without it: set it to 0, or run without graphs");
        if (size_ == 1) return;
        now.comparing = true;
        words* const shown = host_compared_.get<words>();
        words* const device = compared_.get<words>();
        pack(now, shown[size_]);
        auto const copy = [&](words* to, words const* from, int n, cudaMemcpyKind kind) {
            comm_cuda::check(cudaMemcpyAsync(to, from, at(n) * sizeof(words), kind, stream()), "cudaMemcpyAsync");
        };
        copy(device + size_, shown + size_, 1, cudaMemcpyHostToDevice);
        long const id = watch_.begin(now, false);
        watch_.settle(ncclAllGather(device + size_, device, sizeof(words) / sizeof(int), ncclInt, of_, stream()), of_,
                      now);
        watch_.end(id);
        copy(shown, device, size_, cudaMemcpyDeviceToHost);
        watch_.await(stream());
        for (int r = 1; r < size_; ++r)
            if (std::memcmp(&shown[r], &shown[0], sizeof(words)) != 0)
                watch_.fail("mismatched collectives on " + label_.name + ": rank 0 of the group is in " +
                            unpacked(shown[0]) + ", rank " + std::to_string(r) + " in " + unpacked(shown[r]));
    }
    // Member by member: an operation has padding.
    static void pack(watch::record const& r, words& to) {
        operation const& o = r.what;
        long const all[] = {r.number, o.outer, o.split, o.middle, o.block};
        int const rest[] = {static_cast<int>(o.kind), o.type, o.element_bytes, static_cast<int>(o.combine),
                            o.trailing_to_leading,    o.slot, o.root};
        to = {};
        std::memcpy(to.of, all, sizeof all);
        std::memcpy(to.of + 10, rest, sizeof rest);
    }
    static std::string unpacked(words const& from) {
        long all[5];
        std::memcpy(all, from.of, sizeof all);
        int const* const rest = from.of + 10;
        operation const o{static_cast<collective>(rest[0]),
                          static_cast<char>(rest[1]),
                          static_cast<unsigned char>(rest[2]),
                          static_cast<reduction>(rest[3]),
                          rest[4] != 0,
                          rest[5],
                          rest[6],
                          all[1],
                          all[2],
                          all[3],
                          all[4]};
        return describe(o) + " number " + std::to_string(all[0]);
    }

    flight& expect(posting const& operands, phase before, char const* verb) {
        flight& f = *flights_[checked(operands.what)];
        if (f.now != before || !(f.operands == operands))
            throw std::runtime_error(verb + describe(operands.what) + ", but what was started there is " +
                                     describe(f.now == phase::none ? operation{} : f.operands.what) +
                                     (f.now != phase::none && f.operands.what == operands.what
                                          ? (f.operands == operands ? " at another phase" : " on other operands")
                                          : ""));
        return f;
    }
    [[nodiscard]] std::size_t checked(operation const& what) const {
        if (what.slot < 0 || what.slot > slots_)
            throw std::invalid_argument("slot " + std::to_string(what.slot) + " of a group of " +
                                        std::to_string(slots_) + " slots, in " + describe(what));
        if (what.outer < 0 || what.split < 0 || what.middle < 0 || what.block < 0 || what.root < 0 ||
            what.root >= size_)
            throw std::invalid_argument("a size or root out of range in a group of " + std::to_string(size_) + ": " +
                                        describe(what));
        return at(what.slot);
    }

    ncclComm_t of_;
    int rank_, size_;
    watch::label label_;
    int slots_;
    watch& watch_;
    long number_ = 0;
    std::vector<std::unique_ptr<flight>> flights_;
    comm_cuda::memory<false> compared_;
    comm_cuda::memory<true> host_compared_;
};

}  // namespace shardtype::nccl
