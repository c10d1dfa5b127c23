#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/thread/combine.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <stdexcept>

namespace shardtype::thread {

/// One rank's handle in a group of threads of this process; models `shardtype::communicator`, see there.
///
/// There is no progress thread: `start` shows this rank's operands to the others and returns, `wait` comes through when
/// all have started and does this rank's share of the work straight on everybody's memory, `finish` when all have done
/// theirs. Cost with n ranks and S bytes per rank: an all_reduce reads n S and writes n S in all, an all_gather moves
/// n S into each target. Operands up to `patience::staged_bytes` are copied by `start`; their `finish` waits for
/// nobody.
///
/// An all_reduce is complete when every slice is: there `wait` includes the wait for all shares, and `finish` waits for
/// nobody. Only small ones, each rank reduces as a whole by itself (staged, or up to 32 KiB and not in place).
///
/// A rank that throws between a start and its finish must not free operands before nobody reads them: declare
/// `operands_in_use` after them.
/// @throws rank_failed where another rank has failed; std::runtime_error for ranks that issue different collectives,
/// or where a rank has returned; std::invalid_argument for sizes out of range
class communicator {
  public:
    static constexpr int max_size = 256;  ///< ranks of a group

    communicator() = default;
    /// The handle of a rank of `group`, which outlives it.
    communicator(team& group, int rank) : team_(&group), rank_(rank), size_(group.size()) {}

    /// Its place in the group, and the group's ranks.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int size() const noexcept { return size_; }
    /// @}

    /// Waits for all ranks of the group.
    void barrier() const {
        detail::posting post;
        post.what.kind = detail::collective::barrier;
        post.what.slot = team_->own_slot();
        team_->start(rank_, post, 0);
        team_->wait(rank_, post);
        team_->shared(rank_, post);
        team_->finish(rank_, post);
    }

    /// Seconds that this rank has waited in the group's collectives since `world::run` began.
    [[nodiscard]] double waited_seconds() const noexcept { return team_ ? team_->waited_seconds(rank_) : 0; }
    /// Lends memory, see `operands_in_use`. @returns what lies behind the part that is used
    [[nodiscard]] std::byte* lend(std::byte* memory) const noexcept {
        if (team_ == nullptr) return memory;
        team_->lend(rank_, memory);
        return memory + staging::group_bytes;
    }
    /// When it returns, nobody reads what was lent.
    void take_back() const noexcept {
        if (team_ != nullptr) team_->take_back(rank_);
    }
    /// See `rank_communicators::withdraw`.
    void withdraw(int world_rank) const noexcept {
        if (team_) team_->withdraw(rank_, world_rank);
    }

    /// target[i] = sum or max over ranks of source[i]
    template <class T>
    void all_reduce_start(int slot, T const* source, T* target, long count, reduction combine = reduction::sum) const {
        team_->start(rank_, reducing(slot, source, target, count, combine), count * bytes_of<T>);
    }
    /// Completes it: this rank's slice is reduced here, and the others have done theirs.
    template <class T>
    void all_reduce_wait(int slot, T const* source, T* target, long count, reduction combine = reduction::sum) const {
        auto const now = reducing(slot, source, target, count, combine);
        team_->wait(rank_, now);
        bool small = count * bytes_of<T> <= reduced_alone_bytes, apart = true;  // all ranks see the same posts
        T const* sources[max_size];
        T* targets[max_size];
        for (int r = 0; r < size_; ++r) {
            detail::posting const& theirs = team_->peer(rank_, now, r);
            sources[r] = static_cast<T const*>(theirs.source);
            targets[r] = static_cast<T*>(theirs.target);
            small = small || theirs.staged;
            apart = apart && (theirs.staged || theirs.source != theirs.target);
        }
        bool const alone = small && apart;
        // Slices end at whole pairs of cache lines, so that two ranks never write one line of aligned targets.
        constexpr long grain = detail::line_bytes / bytes_of < T >> 0 ? detail::line_bytes / bytes_of<T> : 1;
        long const slice = alone ? count : ((count + size_ - 1) / size_ + grain - 1) / grain * grain;
        long const from = alone ? 0 : least(slice * rank_, count);
        long const to = least(from + slice, count);
        T* const* const outputs = alone ? targets + rank_ : targets;
        if (combine == reduction::sum)
            detail::combine<reduction::sum>(sources, size_, outputs, alone ? 1 : size_, from, to);
        else
            detail::combine<reduction::max>(sources, size_, outputs, alone ? 1 : size_, from, to);
        team_->shared(rank_, now);
        if (!alone) team_->await_shares(rank_, now);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_reduce_finish(int slot, T const* source, T* target, long count, reduction combine = reduction::sum) const {
        team_->finish(rank_, reducing(slot, source, target, count, combine));
    }

    /// source [outer][block] -> target [outer][n][block]
    template <class T>
    void all_gather_start(int slot, T const* source, T* target, long outer, long block) const {
        team_->start(rank_, post<T>(detail::collective::all_gather, slot, source, target, rows(outer, block)),
                     outer * block * bytes_of<T>);
    }
    /// Completes it: this rank copies the parts of all to its target.
    template <class T>
    void all_gather_wait(int slot, T const* source, T* target, long outer, long block) const {
        auto const now = post<T>(detail::collective::all_gather, slot, source, target, rows(outer, block));
        team_->wait(rank_, now);
        for (long o = 0; o < outer; ++o)
            for (int k = 0; k < size_; ++k) {
                int const r = (rank_ + k) % size_;  // ranks begin at different sources
                detail::copy(source_of<T>(now, r) + o * block, target + (o * size_ + r) * block, block);
            }
        team_->shared(rank_, now);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_gather_finish(int slot, T const* source, T* target, long outer, long block) const {
        team_->finish(rank_, post<T>(detail::collective::all_gather, slot, source, target, rows(outer, block)));
    }

    /// source [outer][n][block] -> target [outer][block]; to accumulate: target + (the sum in rank order)
    template <class T>
    void reduce_scatter_start(int slot, T const* source, T* target, long outer, long block) const {
        team_->start(rank_, post<T>(detail::collective::reduce_scatter, slot, source, target, rows(outer, block)),
                     outer * size_ * block * bytes_of<T>);
    }
    /// Completes it: this rank sums its part of all sources.
    template <class T>
    void reduce_scatter_wait(int slot, T const* source, T* target, long outer, long block, bool accumulate) const {
        auto const now = post<T>(detail::collective::reduce_scatter, slot, source, target, rows(outer, block));
        team_->wait(rank_, now);
        T const* sources[max_size];
        for (long o = 0; o < outer; ++o) {
            for (int r = 0; r < size_; ++r) sources[r] = source_of<T>(now, r) + (o * size_ + rank_) * block;
            T* const row = target + o * block;
            if (accumulate)
                detail::combine<reduction::sum, true>(sources, size_, &row, 1, 0, block);
            else
                detail::combine<reduction::sum>(sources, size_, &row, 1, 0, block);
        }
        team_->shared(rank_, now);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void reduce_scatter_finish(int slot, T const* source, T* target, long outer, long block) const {
        team_->finish(rank_, post<T>(detail::collective::reduce_scatter, slot, source, target, rows(outer, block)));
    }

    /// See `shardtype::exchange`. Source and target must not overlap.
    template <class T>
    void all_to_all_start(int slot, T const* source, T* target, exchange const& shapes) const {
        team_->start(rank_, post<T>(detail::collective::all_to_all, slot, source, target, shapes),
                     shapes.outer * size_ * shapes.split * shapes.middle * shapes.block * bytes_of<T>);
    }
    /// Completes it: this rank copies what is for it out of all sources.
    template <class T>
    void all_to_all_wait(int slot, T const* source, T* target, exchange const& shapes) const {
        auto const now = post<T>(detail::collective::all_to_all, slot, source, target, shapes);
        team_->wait(rank_, now);
        long const inner = shapes.split * shapes.middle;
        long const outer = inner > 0 ? shapes.outer : 0;  // of nothing the pointers may be null
        for (long o = 0; o < outer; ++o)
            for (int k = 0; k < size_; ++k) {
                int const r = (rank_ + k) % size_;
                T const* const from = source_of<T>(now, r);
                if (shapes.trailing_to_leading)
                    detail::copy_rows(from + (o * size_ + rank_) * inner * shapes.block, shapes.block,
                                      target + (o * inner * size_ + r) * shapes.block, size_ * shapes.block, inner,
                                      shapes.block);
                else
                    detail::copy_rows(from + (o * inner * size_ + rank_) * shapes.block, size_ * shapes.block,
                                      target + (o * size_ + r) * inner * shapes.block, shapes.block, inner,
                                      shapes.block);
            }
        team_->shared(rank_, now);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void all_to_all_finish(int slot, T const* source, T* target, exchange const& shapes) const {
        team_->finish(rank_, post<T>(detail::collective::all_to_all, slot, source, target, shapes));
    }

    /// From `root` to all.
    template <class T>
    void broadcast_start(int slot, T* buffer, long count, int root) const {
        team_->start(rank_,
                     post<T>(detail::collective::broadcast, slot, rank_ == root ? buffer : nullptr, buffer,
                             rows(count, 1), root),
                     count * bytes_of<T>);
    }
    /// Completes it: this rank copies the buffer of `root`.
    template <class T>
    void broadcast_wait(int slot, T* buffer, long count, int root) const {
        auto const now = post<T>(detail::collective::broadcast, slot, rank_ == root ? buffer : nullptr, buffer,
                                 rows(count, 1), root);
        team_->wait(rank_, now);
        if (rank_ != root) detail::copy(source_of<T>(now, root), buffer, count);
        team_->shared(rank_, now);
    }
    /// When it returns, nobody reads or writes this rank's operands any more.
    template <class T>
    void broadcast_finish(int slot, T* buffer, long count, int root) const {
        team_->finish(rank_, post<T>(detail::collective::broadcast, slot, rank_ == root ? buffer : nullptr, buffer,
                                     rows(count, 1), root));
    }

    /// Start, wait and finish in one.
    /// @{
    template <class T>
    void all_reduce(T const* source, T* target, long count, reduction combine = reduction::sum) const {
        all_reduce_start(team_->own_slot(), source, target, count, combine);
        all_reduce_wait(team_->own_slot(), source, target, count, combine);
        all_reduce_finish(team_->own_slot(), source, target, count, combine);
    }
    template <class T>
    void all_gather(T const* source, T* target, long outer, long block) const {
        all_gather_start(team_->own_slot(), source, target, outer, block);
        all_gather_wait(team_->own_slot(), source, target, outer, block);
        all_gather_finish(team_->own_slot(), source, target, outer, block);
    }
    template <class T>
    void reduce_scatter(T const* source, T* target, long outer, long block, bool accumulate = false) const {
        reduce_scatter_start(team_->own_slot(), source, target, outer, block);
        reduce_scatter_wait(team_->own_slot(), source, target, outer, block, accumulate);
        reduce_scatter_finish(team_->own_slot(), source, target, outer, block);
    }
    template <class T>
    void all_to_all(T const* source, T* target, exchange const& shapes) const {
        all_to_all_start(team_->own_slot(), source, target, shapes);
        all_to_all_wait(team_->own_slot(), source, target, shapes);
        all_to_all_finish(team_->own_slot(), source, target, shapes);
    }
    template <class T>
    void broadcast(T* buffer, long count, int root) const {
        broadcast_start(team_->own_slot(), buffer, count, root);
        broadcast_wait(team_->own_slot(), buffer, count, root);
        broadcast_finish(team_->own_slot(), buffer, count, root);
    }
    /// @}

  private:
    template <class T>
    static constexpr long bytes_of = static_cast<long>(sizeof(T));
    static constexpr long reduced_alone_bytes = 32 << 10;  ///< n sums of this cost less than the wait for n slices
    static constexpr exchange rows(long outer, long block) { return {outer, 1, 1, block, false}; }
    static constexpr long least(long a, long b) { return a < b ? a : b; }

    template <class T>
    static detail::posting post(detail::collective kind, int slot, T const* source, T* target, exchange const& shapes,
                                int root = 0) {
        detail::posting made;
        made.what = {kind,
                     detail::type_letter<T>(),
                     sizeof(T),
                     reduction::sum,
                     shapes.trailing_to_leading,
                     slot,
                     root,
                     shapes.outer,
                     shapes.split,
                     shapes.middle,
                     shapes.block};
        made.source = source;
        made.target = target;
        return made;
    }

    template <class T>
    static detail::posting reducing(int slot, T const* source, T* target, long count, reduction combine) {
        auto made = post<T>(detail::collective::all_reduce, slot, source, target, rows(count, 1));
        made.what.combine = combine;
        return made;
    }
    template <class T>
    T const* source_of(detail::posting const& mine, int peer) const {
        return static_cast<T const*>(team_->peer(rank_, mine, peer).source);
    }

    team* team_ = nullptr;
    int rank_ = 0;
    int size_ = 1;
};

static_assert(shardtype::communicator<communicator>);

}  // namespace shardtype::thread
