#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/thread/barrier.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shardtype::thread {

namespace detail {

enum class collective : unsigned char { none, barrier, all_reduce, all_gather, reduce_scatter, all_to_all, broadcast };

/// What a rank believes is being done: must be equal on all ranks of a group, and in a start and its wait.
struct operation {
    collective kind = collective::none;
    char type = '?';  // f: floating point, i: signed, u: unsigned, x: another type
    unsigned char element_bytes = 0;
    reduction combine = reduction::sum;
    bool trailing_to_leading = false;
    int slot = 0;
    int root = 0;
    long outer = 0;  // a plain count, too
    long split = 0;
    long middle = 0;
    long block = 0;

    bool operator==(operation const&) const = default;
};

/// An operation with one rank's operands.
struct posting {
    operation what{};
    void const* source = nullptr;
    void* target = nullptr;
    bool staged = false;  // the source is a copy of the group's own

    bool operator==(posting const&) const = default;
};

template <class T>
constexpr char type_letter() {
    return std::is_floating_point_v<T> ? 'f' : !std::is_integral_v<T> ? 'x' : std::is_signed_v<T> ? 'i' : 'u';
}

/// For example `all_gather(slot 2, f32, outer 4, block 16)`.
inline std::string describe(operation const& o) {
    constexpr char const* names[] = {"nothing",        "barrier",    "all_reduce", "all_gather",
                                     "reduce_scatter", "all_to_all", "broadcast"};
    std::string text = names[static_cast<int>(o.kind)];
    if (o.kind == collective::none || o.kind == collective::barrier) return text;
    text += "(slot " + std::to_string(o.slot) + ", " + o.type + std::to_string(8 * o.element_bytes);
    switch (o.kind) {
        case collective::all_reduce:
            return text + ", count " + std::to_string(o.outer) + (o.combine == reduction::max ? ", max)" : ", sum)");
        case collective::broadcast:
            return text + ", count " + std::to_string(o.outer) + ", root " + std::to_string(o.root) + ")";
        case collective::all_to_all:
            return text + ", outer " + std::to_string(o.outer) + ", split " + std::to_string(o.split) + ", middle " +
                   std::to_string(o.middle) + ", block " + std::to_string(o.block) +
                   (o.trailing_to_leading ? ", trailing to leading)" : ", leading to trailing)");
        default:
            return text + ", outer " + std::to_string(o.outer) + ", block " + std::to_string(o.block) + ")";
    }
}

}  // namespace detail

/// The state that the ranks of one group share: a board where each rank posts its operands, and who has posted and
/// read.
///
/// Ranks of a group start its collectives in one order, which numbers them. A collective has three phases. `start`
/// posts the operands under the next number; `wait` comes through once all have posted, and the rank does its share of
/// the work on everybody's operands; `finish` comes through once all have done their share. So a rank waits only for
/// what it cannot do without: in `wait` for the others' starts, in `finish` for their shares. Small operands are copied
/// to the board's own memory instead, and their `finish` waits for nobody.
///
/// The board is a ring: a number's place is taken again `ring()` starts later, by then all have read it. Copies of
/// small operands lie in a few buffers per rank; where all are being read, the operand is used in place.
class team {
  public:
    /// @param size ranks of the group  @param slots collectives in flight  @param limits of waiting, for all its ranks
    /// @param failure the world's, which outlives the group  @param from who owns the memory for copies
    team(int size, int slots, patience limits, poison& failure, staging_from from = staging_from::world)
        : size_(size),
          slots_(slots),
          staged_bytes_(size > 1 ? limits.staged_bytes : -1),
          failure_(failure),
          seats_(std::make_unique<seat[]>(static_cast<std::size_t>(size))) {
        while (ring_ < 4 * (static_cast<std::size_t>(slots) + 1)) ring_ *= 2;
        for (std::size_t i = 0; i < ring_; ++i) meetings_.emplace_back(size, limits, failure, departed_);
        if (staged_bytes_ > staging::operand_bytes)
            throw std::invalid_argument("operands up to " + std::to_string(staged_bytes_) + " bytes staged: at most " +
                                        std::to_string(staging::operand_bytes));
        for (int r = 0; r < size_; ++r) {
            of(r).flights = std::make_unique<flight[]>(static_cast<std::size_t>(slots) + 1);
            of(r).board = std::make_unique<place[]>(ring_);
            if (staged_bytes_ <= 0 || from == staging_from::ranks) continue;
            of(r).own_copies = std::make_unique<std::byte[]>(staging::group_bytes);
            of(r).copies = of(r).own_copies.get();
        }
    }

    /// Ranks of the group.
    [[nodiscard]] int size() const noexcept { return size_; }
    /// The slot behind the caller's, for the calls that are start, wait and finish in one.
    [[nodiscard]] int own_slot() const noexcept { return slots_; }
    /// A collective is finished before so many others have started.
    [[nodiscard]] std::size_t ring() const noexcept { return ring_; }

    /// Posts the operands of `rank` for all to see. `bytes`: what the others may read of the source.
    /// @throws std::runtime_error if the slot is in use
    void start(int rank, detail::posting const& operands, long bytes) {
        seat& mine = of(rank);
        flight& f = mine.flights[checked(operands.what)];
        if (f.at != phase::none)
            throw std::runtime_error(describe(operands.what) + " starts in a slot where " + describe(f.operands.what) +
                                     " has not been " + (f.at == phase::started ? "waited for" : "finished"));
        std::uint64_t const number = mine.number++;
        place& here = mine.board[number % ring_];
        if (here.taken)
            throw std::runtime_error(describe(operands.what) + " is start number " + std::to_string(ring_) + " since " +
                                     describe(here.post.what) + ", which is not finished");
        meeting& at = meetings_[number % ring_];
        wait_surely(mine, at.read, number / ring_);  // of the collective that was here before
        f.operands = operands;
        f.number = number;
        f.at = phase::started;
        here.post = operands;
        here.taken = true;
        if (bytes <= staged_bytes_) stage(mine, here.post, number, bytes);
        f.staged = here.post.staged;
        at.posted.arrive(number / ring_ + 1);
    }

    /// Waits until all have started the collective of these same operands.
    /// @throws std::runtime_error where this rank started something else there, or the ranks differ
    void wait(int rank, detail::posting const& operands) {
        seat& mine = of(rank);
        flight& f = expect(mine, operands, phase::started, "wait for ");
        barrier& posted = meetings_[f.number % ring_].posted;
        std::uint64_t const number = f.number / ring_ + 1;
        if (!posted.complete(number)) {
            stopwatch const watch(mine.waited_ns);
            posted.await(number);
        }
        for (int r = 1; r < size_; ++r)  // every rank compares the same posts, so either all throw or none
            if (!(peer(rank, operands, r).what == peer(rank, operands, 0).what))
                throw std::runtime_error("mismatched collectives: rank 0 of the group is in " +
                                         describe(peer(rank, operands, 0).what) + ", rank " + std::to_string(r) +
                                         " in " + describe(peer(rank, operands, r).what));
    }

    /// After `wait`: what rank `peer_rank` posted for the collective that `rank` has started with these operands.
    [[nodiscard]] detail::posting const& peer(int rank, detail::posting const& operands, int peer_rank) const noexcept {
        flight const& f = of(rank).flights[static_cast<std::size_t>(operands.what.slot)];
        return of(peer_rank).board[f.number % ring_].post;
    }

    /// After `wait`: this rank has done its share.
    void shared(int rank, detail::posting const& operands) noexcept {
        flight& f = of(rank).flights[static_cast<std::size_t>(operands.what.slot)];
        f.at = phase::shared;
        meetings_[f.number % ring_].read.arrive(f.number / ring_ + 1);
    }

    /// After `shared`: waits until all have done their share.
    void await_shares(int rank, detail::posting const& operands) noexcept {
        flight const& f = of(rank).flights[static_cast<std::size_t>(operands.what.slot)];
        wait_surely(of(rank), meetings_[f.number % ring_].read, f.number / ring_ + 1);
    }

    /// Ends the collective of these operands: waits until nobody reads or writes them any more.
    void finish(int rank, detail::posting const& operands) {
        seat& mine = of(rank);
        flight& f = expect(mine, operands, phase::shared, "finish of ");
        if (!f.staged) await_shares(rank, operands);
        mine.board[f.number % ring_].taken = false;
        f.at = phase::none;
    }

    /// `rank` goes on with none of its collectives: nobody reads its operands when this returns. `world_rank` fails if
    /// others wait for it.
    void withdraw(int rank, int world_rank) noexcept {
        seat& mine = of(rank);
        for (bool last : {false, true})
            for (std::size_t s = 0; s <= static_cast<std::size_t>(slots_); ++s) {
                flight& f = mine.flights[s];
                if (f.at == phase::none) continue;
                meeting& at = meetings_[f.number % ring_];
                std::uint64_t const number = f.number / ring_ + 1;
                if (last) {  // the others come to an end, if only because this rank fails
                    if (at.posted.complete(number)) at.read.await_surely(number);
                    f.at = phase::none;
                    continue;
                }
                failure_.foretell(world_rank);
                (void)at.posted.give_up(number);
                if (f.at == phase::started) at.read.arrive(number);
                f.at = phase::shared;
            }
    }

    /// Copies of the operands of `rank` go to these `staging::group_bytes`, until they are taken back.
    void lend(int rank, std::byte* memory) noexcept {
        if (staged_bytes_ > 0) of(rank).copies = memory;
    }
    /// Nobody reads what `rank` has lent when this returns. All it has started is finished or withdrawn.
    void take_back(int rank) noexcept {
        seat& mine = of(rank);
        for (std::uint64_t const last : mine.copied_for) {
            if (last == 0 || mine.number - (last - 1) > ring_) continue;  // the start that took its place has waited
            meeting& at = meetings_[(last - 1) % ring_];
            std::uint64_t const number = (last - 1) / ring_ + 1;
            if (at.posted.complete(number)) wait_surely(mine, at.read, number);  // else nobody comes through to read
        }
        mine.copies = mine.own_copies.get();
    }

    /// The rank that is `world_rank` in the whole world takes part in nothing any more.
    void depart(int world_rank) noexcept { departed_.store(world_rank, std::memory_order_release); }

    /// Seconds that `rank` has waited for others, since the last reset; reading the clock is part of waiting.
    [[nodiscard]] double waited_seconds(int rank) const noexcept {
        return 1e-9 * static_cast<double>(of(rank).waited_ns);
    }

    /// Back to the state after construction; no rank may be inside.
    void reset() noexcept {
        departed_.store(-1, std::memory_order_relaxed);
        for (auto& m : meetings_) m.posted.reset(), m.read.reset();
        for (int r = 0; r < size_; ++r) {
            of(r).number = 0;
            of(r).waited_ns = 0;
            for (std::uint64_t& last : of(r).copied_for) last = 0;
            for (std::size_t s = 0; s <= static_cast<std::size_t>(slots_); ++s) of(r).flights[s] = flight{};
            for (std::size_t i = 0; i < ring_; ++i) of(r).board[i] = place{};
        }
    }

  private:
    enum class phase : unsigned char { none, started, shared };

    // A slot of one rank.
    struct flight {
        detail::posting operands{};
        std::uint64_t number = 0;  // of the start, from 0
        phase at = phase::none;
        bool staged = false;
    };
    // A rank's operands where the others see them; `taken` is its own.
    struct place {
        detail::posting post{};
        bool taken = false;
    };
    struct meeting {
        meeting(int size, patience limits, poison const& failure, std::atomic<int> const& departed)
            : posted(size, limits, failure, departed), read(size, limits, failure, departed) {}
        barrier posted, read;
    };
    // One rank's part. Only the board, and what the staging holds, is read by others.
    struct seat {
        alignas(detail::line_bytes) std::uint64_t number = 0;
        std::int64_t waited_ns = 0;
        std::unique_ptr<flight[]> flights;
        std::unique_ptr<std::byte[]> own_copies;
        std::byte* copies = nullptr;                     // own or lent; null: operands are used in place
        std::uint64_t copied_for[staging::copies] = {};  // the number, plus one, that a copy was last made for
        std::unique_ptr<place[]> board;
    };
    struct stopwatch {
        using clock = std::chrono::steady_clock;
        std::int64_t& sum;
        clock::time_point begin = clock::now();
        explicit stopwatch(std::int64_t& to) : sum(to) {}
        ~stopwatch() { sum += std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - begin).count(); }
    };

    [[nodiscard]] seat& of(int rank) const noexcept { return seats_[static_cast<std::size_t>(rank)]; }

    static void wait_surely(seat& mine, barrier& read, std::uint64_t number) noexcept {
        if (read.complete(number)) return;
        stopwatch const watch(mine.waited_ns);
        read.await_surely(number);
    }

    void stage(seat& mine, detail::posting& post, std::uint64_t number, long bytes) {
        if (bytes == 0 || post.source == nullptr) {
            post.staged = true;
            return;
        }
        for (int i = 0; i < staging::copies && mine.copies != nullptr && !post.staged; ++i) {
            std::uint64_t const last = mine.copied_for[i];
            if (last > 0 && number - (last - 1) < ring_ &&
                !meetings_[(last - 1) % ring_].read.complete((last - 1) / ring_ + 1))
                continue;
            std::byte* const copy = mine.copies + staging::operand_bytes * i;
            std::memcpy(copy, post.source, static_cast<std::size_t>(bytes));
            mine.copied_for[i] = number + 1;
            post.source = copy;
            post.staged = true;
        }
    }

    flight& expect(seat& mine, detail::posting const& operands, phase before, char const* verb) {
        flight& f = mine.flights[checked(operands.what)];
        bool const same = f.operands == operands;
        if (f.at == phase::none || (f.at == before && !same))
            throw std::runtime_error(
                verb + describe(operands.what) + ", but what was started there is " +
                describe(f.at == phase::none ? detail::operation{} : f.operands.what) +
                (f.at != phase::none && f.operands.what == operands.what ? " on other operands" : ""));
        if (f.at != before)
            throw std::runtime_error(verb + describe(operands.what) + ", but " + describe(f.operands.what) +
                                     (before == phase::started ? " has been" : " has not been") + " waited for");
        return f;
    }

    [[nodiscard]] std::size_t checked(detail::operation const& what) const {
        if (what.slot < 0 || what.slot > slots_)
            throw std::invalid_argument("slot " + std::to_string(what.slot) + " of a team of " +
                                        std::to_string(slots_) + " slots, in " + describe(what));
        if (what.outer < 0 || what.split < 0 || what.middle < 0 || what.block < 0 || what.root < 0 ||
            what.root >= size_)
            throw std::invalid_argument("a size or root out of range in a group of " + std::to_string(size_) + ": " +
                                        describe(what));
        return static_cast<std::size_t>(what.slot);
    }

    int size_;
    int slots_;
    long staged_bytes_;  // -1: nothing ever
    std::size_t ring_ = 64;
    poison& failure_;
    std::atomic<int> departed_{-1};
    std::deque<meeting> meetings_;  // by number
    std::unique_ptr<seat[]> seats_;
};

}  // namespace shardtype::thread
