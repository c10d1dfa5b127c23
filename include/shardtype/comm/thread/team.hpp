#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/thread/barrier.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// The state that the ranks of one group share: a rendezvous, and a board where each rank posts its operands.
///
/// Ranks of a group take part in its collectives in one order. A collective is a meeting (all have posted), this
/// rank's share of the work on everybody's operands, and a second meeting (all are done). Small operands are copied
/// to the board's own memory instead, and the second meeting is left out. The board alternates between two halves: a
/// rank that posts the next collective but one has met all others in the next, so nobody still reads what it replaces.
class team {
  public:
    /// @param size ranks of the group  @param slots collectives in flight  @param limits of waiting, for all its ranks
    /// @param failure the world's, which outlives the group
    team(int size, int slots, patience limits, poison const& failure)
        : size_(size),
          slots_(slots),
          staged_bytes_(size > 1 ? limits.staged_bytes : -1),
          gate_(size, limits, failure),
          seats_(std::make_unique<seat[]>(static_cast<std::size_t>(size))) {
        for (int r = 0; r < size_; ++r) {
            of(r).started = std::make_unique<detail::posting[]>(static_cast<std::size_t>(slots) + 1);
            if (staged_bytes_ <= 0) continue;
            for (auto& half : of(r).staging)
                half = std::make_unique<std::byte[]>(static_cast<std::size_t>(staged_bytes_));
        }
    }

    /// Ranks of the group.
    [[nodiscard]] int size() const noexcept { return size_; }

    /// The slot behind the caller's, for the calls that are start and wait in one.
    [[nodiscard]] int own_slot() const noexcept { return slots_; }

    /// Keeps the operands of `rank` in their slot. @throws std::runtime_error if the slot is in use
    void start(int rank, detail::posting const& operands) {
        detail::posting& mine = of(rank).started[checked(operands.what)];
        if (mine.what.kind != detail::collective::none)
            throw std::runtime_error(describe(operands.what) + " starts in a slot where " + describe(mine.what) +
                                     " has not been waited for");
        mine = operands;
    }

    /// Ends the start of these same operands: checks that there was one, and frees the slot.
    void expect(int rank, detail::posting const& operands) {
        detail::posting& mine = of(rank).started[checked(operands.what)];
        if (!(mine == operands))
            throw std::runtime_error("wait for " + describe(operands.what) + ", but what was started there is " +
                                     describe(mine.what) + (mine.what == operands.what ? " on other operands" : ""));
        mine = detail::posting{};
    }

    /// Posts `operands` and meets the others. `bytes`: what the others may read of the source.
    /// @returns whether the operands are staged, that is whether `leave` has to wait for nobody
    bool enter(int rank, detail::posting const& operands, long bytes) {
        seat& mine = of(rank);
        mine.half ^= 1;
        detail::posting& post = mine.board[mine.half];
        post = operands;
        bool const staged = bytes <= staged_bytes_;
        if (staged && bytes > 0 && operands.source != nullptr) {
            post.source = mine.staging[mine.half].get();
            std::memcpy(mine.staging[mine.half].get(), operands.source, static_cast<std::size_t>(bytes));
        }
        gate_.meet(++mine.meetings);
        for (int r = 1; r < size_; ++r)  // every rank compares the same posts, so either all throw or none
            if (!(posted(r, mine.half).what == posted(0, mine.half).what))
                throw std::runtime_error("mismatched collectives: rank 0 of the group is in " +
                                         describe(posted(0, mine.half).what) + ", rank " + std::to_string(r) + " in " +
                                         describe(posted(r, mine.half).what));
        return staged;
    }

    /// Waits until nobody reads or writes this rank's operands any more.
    void leave(int rank, bool staged) noexcept {
        if (!staged) gate_.meet_surely(++of(rank).meetings);
    }

    /// What rank `peer` posted for the collective that `rank` is in.
    [[nodiscard]] detail::posting const& peer(int rank, int peer_rank) const noexcept {
        return posted(peer_rank, of(rank).half);
    }

    /// The rank that is `world_rank` in the whole world takes part in nothing any more.
    void depart(int world_rank) noexcept { gate_.depart(world_rank); }

    /// Back to the state after construction; no rank may be inside.
    void reset() noexcept {
        gate_.reset();
        for (int r = 0; r < size_; ++r) {
            of(r).meetings = 0;
            of(r).half = 0;
            for (std::size_t s = 0; s <= static_cast<std::size_t>(slots_); ++s) of(r).started[s] = detail::posting{};
        }
    }

  private:
    // One rank's part. Only the board, and what the staging holds, is read by others.
    struct seat {
        alignas(detail::line_bytes) std::uint64_t meetings = 0;
        int half = 0;
        std::unique_ptr<detail::posting[]> started;
        std::unique_ptr<std::byte[]> staging[2];
        alignas(detail::line_bytes) detail::posting board[2];
    };

    [[nodiscard]] seat& of(int rank) const noexcept { return seats_[static_cast<std::size_t>(rank)]; }
    [[nodiscard]] detail::posting const& posted(int rank, int half) const noexcept { return of(rank).board[half]; }

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
    barrier gate_;
    std::unique_ptr<seat[]> seats_;
};

}  // namespace shardtype::thread
