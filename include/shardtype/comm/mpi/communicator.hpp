#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/mpi/group.hpp>
#include <shardtype/comm/mpi/parts.hpp>
#include <shardtype/comm/mpi/room_sizes.hpp>

namespace shardtype::mpi {

/// One rank's handle in a group of processes; models `shardtype::communicator`, see there. For the group's thread.
///
/// Every result is bit by bit that of `thread::communicator`: sums are made in rank order by the same code. With n ranks
/// and S bytes per rank a rank sends and receives: an all_gather (n - 1) S; a reduce_scatter and an all_to_all
/// (n - 1) / n S; an all_reduce up to `whole_bytes`, or of two ranks, (n - 1) S in one round, else 2 (n - 1) / n S in
/// two, the second within the wait. Rows that do not lie together (outer > 1) are copied once more. MPI moves large messages only while this rank is in a call of it: overlap is what MPI's own threads give.
/// @throws std::runtime_error for ranks that issue different collectives, where that is checked, and for errors of
/// MPI's; std::invalid_argument for sizes out of range. A rank that waits longer than the deadline ends its process.
class communicator : public room_sizes {
  public:
    communicator() = default;
    /// The handle of a rank of `of`, which outlives it.
    explicit communicator(group& of) : group_(&of) {}

    /// Its place in the group, and the group's ranks.
    /// @{
    [[nodiscard]] int rank() const noexcept { return group_ ? group_->rank() : 0; }
    [[nodiscard]] int size() const noexcept { return group_ ? group_->size() : 1; }
    /// @}
    /// Seconds that this rank has waited in the group's collectives.
    [[nodiscard]] double waited_seconds() const noexcept { return group_ ? group_->waited_seconds() : 0; }
    /// Bytes of room for parts of others that nobody lent, so that the group has taken them.
    [[nodiscard]] long own_room_bytes() const noexcept { return group_ ? group_->own_room_bytes() : 0; }
    /// See `rank_communicators::withdraw`.
    void withdraw() const noexcept {
        if (group_) group_->withdraw();
    }
    /// The room of the collective that starts next in the slot, until its finish; without, the group's own is taken.
    void lend(int slot, std::byte* memory, long bytes) const { group_->lend(slot, memory, bytes); }

    /// Waits for all ranks of the group.
    void barrier() const {
        posting post;
        post.what.kind = collective::barrier;
        post.what.slot = group_->own_slot();
        flight& f = group_->start(post, 0);
        to_all<char>(f, nullptr, 0);
        for_others([&](int r) { group_->receive<char>(f, r, nullptr, 0); });
        group_->wait(post);
        group_->finish(post);
    }

    /// target[i] = the sum, or the largest, of source[i] over the ranks.
    template <class T>
    void all_reduce_start(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        int const n = size(), me = rank();
        auto const element = static_cast<long>(sizeof(T));
        flight& f =
            group_->start(detail::post_reduction(slot, source, target, count, by), all_reduce_room(n, count, element));
        T* const parts = f.parts<T>();
        if (whole(n, count * element)) {
            for_others([&](int r) { group_->receive(f, r, parts + among(r) * count, count); });
            to_all(f, source, count);
            return;
        }
        long const step = slice(n, count), mine = part(n, count, me);
        for_others([&](int r) { group_->receive(f, r, parts + among(r) * step, mine); });
        for_others([&](int r) { group_->send(f, r, source + from(n, count, r), part(n, count, r)); });
    }
    /// Completes it: this rank sums all, or its slice, which it sends to the others.
    template <class T>
    void all_reduce_wait(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        int const n = size(), me = rank();
        flight& f = group_->wait(detail::post_reduction(slot, source, target, count, by));
        if (source == target || !whole(n, count * static_cast<long>(sizeof(T)))) group_->settle(f);
        T const* const parts = f.parts<T>();
        if (whole(n, count * static_cast<long>(sizeof(T)))) {
            detail::sum_parts(n, me, source, parts, count, target, count, by);
            return;
        }
        long const begin = from(n, count, me), mine = part(n, count, me);
        detail::sum_parts(n, me, source + begin, parts, slice(n, count), target + begin, mine, by);
        for_others([&](int r) { group_->receive(f, r, target + from(n, count, r), part(n, count, r), 2); });
        for_others([&](int r) { group_->send(f, r, target + begin, mine, 2); });
        group_->settle(f);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_reduce_finish(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->finish(detail::post_reduction(slot, source, target, count, by));
    }

    /// source [outer][block] -> target [outer][n][block]
    template <class T>
    void all_gather_start(int slot, T const* source, T* target, long outer, long block) const {
        flight& f = group_->start(detail::post_rows(collective::all_gather, slot, source, target, outer, block),
                                  all_gather_room(size(), outer, block, sizeof(T)));
        T* const parts = f.parts<T>();
        for_others([&](int r) {
            group_->receive(f, r, outer == 1 ? target + r * block : parts + among(r) * outer * block, outer * block);
        });
        to_all(f, source, outer * block);
    }
    /// Completes it: this rank's own part, and rows in their places.
    template <class T>
    void all_gather_wait(int slot, T const* source, T* target, long outer, long block) const {
        flight& f = group_->wait(detail::post_rows(collective::all_gather, slot, source, target, outer, block));
        for (int r = 0; r < size(); ++r)
            if (r == rank() || outer > 1)
                thread::detail::copy_rows(r == rank() ? source : f.parts<T>() + among(r) * outer * block, block,
                                          target + r * block, size() * block, outer, block);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_gather_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(detail::post_rows(collective::all_gather, slot, source, target, outer, block));
    }

    /// source [outer][n][block] -> target [outer][block]; to accumulate: target + (the sum in rank order)
    template <class T>
    void reduce_scatter_start(int slot, T const* source, T* target, long outer, long block) const {
        flight& f = group_->start(detail::post_rows(collective::reduce_scatter, slot, source, target, outer, block),
                                  reduce_scatter_room(size(), outer, block, sizeof(T)));
        long const count = outer * block;
        T* const parts = f.parts<T>();
        for_others([&](int r) { group_->receive(f, r, parts + among(r) * count, count); });
        for_others([&](int r) {
            T* const packed = parts + (size() - 1 + among(r)) * count;
            if (outer > 1) thread::detail::copy_rows(source + r * block, size() * block, packed, block, outer, block);
            group_->send(f, r, outer > 1 ? packed : source + r * block, count);
        });
    }
    /// Completes it: this rank sums its part of all sources.
    template <class T>
    void reduce_scatter_wait(int slot, T const* source, T* target, long outer, long block, bool accumulate) const {
        flight& f = group_->wait(detail::post_rows(collective::reduce_scatter, slot, source, target, outer, block));
        for (long o = 0; o < outer; ++o)
            detail::sum_parts(size(), rank(), source + (o * size() + rank()) * block, f.parts<T>() + o * block,
                              outer * block, target + o * block, block, reduction::sum, accumulate);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void reduce_scatter_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(detail::post_rows(collective::reduce_scatter, slot, source, target, outer, block));
    }

    /// See `shardtype::exchange`. Source and target must not overlap.
    template <class T>
    void all_to_all_start(int slot, T const* source, T* target, exchange const& x) const {
        flight& f = group_->start(detail::post(collective::all_to_all, slot, source, target, x),
                                  all_to_all_room(size(), x, sizeof(T)));
        long const count = x.outer * x.split * x.middle * x.block;
        T* const parts = f.parts<T>();  // the own one, those received, those sent
        for_others([&](int r) { group_->receive(f, r, parts + (1 + among(r)) * count, count); });
        for_others([&](int r) {
            T* const packed = parts + (size() + among(r)) * count;
            detail::pack(source, r, size(), packed, x);
            group_->send(f, r, packed, count);
        });
        detail::pack(source, rank(), size(), parts, x);
    }
    /// Completes it: this rank puts the parts in their places.
    template <class T>
    void all_to_all_wait(int slot, T const* source, T* target, exchange const& x) const {
        flight& f = group_->wait(detail::post(collective::all_to_all, slot, source, target, x));
        long const count = x.outer * x.split * x.middle * x.block;
        for (int r = 0; r < size(); ++r)
            detail::unpack(f.parts<T>() + (r == rank() ? 0 : 1 + among(r)) * count, r, size(), target, x);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_to_all_finish(int slot, T const* source, T* target, exchange const& x) const {
        group_->finish(detail::post(collective::all_to_all, slot, source, target, x));
    }

    /// From `root` to all, straight.
    template <class T>
    void broadcast_start(int slot, T* buffer, long count, int root) const {
        flight& f = group_->start(detail::post_broadcast(slot, buffer, count, root), 0);
        if (rank() == root)
            to_all(f, static_cast<T const*>(buffer), count);
        else
            group_->receive(f, root, buffer, count);
    }
    /// Completes it.
    template <class T>
    void broadcast_wait(int slot, T* buffer, long count, int root) const {
        group_->wait(detail::post_broadcast(slot, buffer, count, root));
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void broadcast_finish(int slot, T* buffer, long count, int root) const {
        group_->finish(detail::post_broadcast(slot, buffer, count, root));
    }

    /// Start, wait and finish in one.
    /// @{
    template <class T>
    void all_reduce(T const* source, T* target, long count, reduction combine = reduction::sum) const {
        all_reduce_start(group_->own_slot(), source, target, count, combine);
        all_reduce_wait(group_->own_slot(), source, target, count, combine);
        all_reduce_finish(group_->own_slot(), source, target, count, combine);
    }
    template <class T>
    void all_gather(T const* source, T* target, long outer, long block) const {
        all_gather_start(group_->own_slot(), source, target, outer, block);
        all_gather_wait(group_->own_slot(), source, target, outer, block);
        all_gather_finish(group_->own_slot(), source, target, outer, block);
    }
    template <class T>
    void reduce_scatter(T const* source, T* target, long outer, long block, bool accumulate = false) const {
        reduce_scatter_start(group_->own_slot(), source, target, outer, block);
        reduce_scatter_wait(group_->own_slot(), source, target, outer, block, accumulate);
        reduce_scatter_finish(group_->own_slot(), source, target, outer, block);
    }
    template <class T>
    void all_to_all(T const* source, T* target, exchange const& shapes) const {
        all_to_all_start(group_->own_slot(), source, target, shapes);
        all_to_all_wait(group_->own_slot(), source, target, shapes);
        all_to_all_finish(group_->own_slot(), source, target, shapes);
    }
    template <class T>
    void broadcast(T* buffer, long count, int root) const {
        broadcast_start(group_->own_slot(), buffer, count, root);
        broadcast_wait(group_->own_slot(), buffer, count, root);
        broadcast_finish(group_->own_slot(), buffer, count, root);
    }
    /// @}

  private:
    [[nodiscard]] int among(int r) const { return detail::among_others(rank(), r); }
    template <class F>
    void for_others(F f) const {
        for (int k = 1; k < size(); ++k) f((rank() + k) % size());
    }
    template <class T>
    void to_all(flight& f, T const* source, long count) const {
        for_others([&](int r) { group_->send(f, r, source, count); });
    }

    group* group_ = nullptr;
};

static_assert(shardtype::communicator<communicator>);

}  // namespace shardtype::mpi
