#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/thread/combine.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <stdexcept>

namespace shardtype::thread {

/// One rank's handle in a group of threads of this process; models `shardtype::communicator`, see there.
///
/// There is no progress thread: start keeps the operands, wait meets the others and does this rank's share of the
/// work straight on everybody's memory. Cost with n ranks and S bytes per rank: an all_reduce reads n S and writes n S
/// in all, an all_gather moves n S into each target; two meetings, or one, see `patience::staged_bytes`.
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
        team_->enter(rank_, post, 0);
    }

    /// Each rank reduces its own slice of all sources and stores it to all targets.
    template <class T>
    void all_reduce_start(int slot, T const* source, T* target, long count) const {
        team_->start(rank_, post<T>(detail::collective::all_reduce, slot, source, target, rows(count, 1)));
    }
    /// Completes it: this rank's slice is reduced here, the others have done theirs.
    template <class T>
    void all_reduce_wait(int slot, T const* source, T* target, long count, reduction combine = reduction::sum) const {
        auto now = post<T>(detail::collective::all_reduce, slot, source, target, rows(count, 1));
        team_->expect(rank_, now);
        now.what.combine = combine;
        bool const staged = team_->enter(rank_, now, count * bytes_of<T>);
        T const* sources[max_size];
        T* targets[max_size];
        for (int r = 0; r < size_; ++r) {
            sources[r] = source_of<T>(r);
            targets[r] = static_cast<T*>(team_->peer(rank_, r).target);
        }
        // Slices end at whole pairs of cache lines, so that two ranks never write one line of aligned targets.
        constexpr long grain = detail::line_bytes / bytes_of < T >> 0 ? detail::line_bytes / bytes_of<T> : 1;
        long const slice = staged ? count : ((count + size_ - 1) / size_ + grain - 1) / grain * grain;
        long const from = staged ? 0 : least(slice * rank_, count);
        long const to = least(from + slice, count);
        T* const* const outputs = staged ? targets + rank_ : targets;
        if (combine == reduction::sum)
            detail::combine<reduction::sum>(sources, size_, outputs, staged ? 1 : size_, from, to);
        else
            detail::combine<reduction::max>(sources, size_, outputs, staged ? 1 : size_, from, to);
        team_->leave(rank_, staged);
    }

    /// source [outer][block] -> target [outer][n][block]
    template <class T>
    void all_gather_start(int slot, T const* source, T* target, long outer, long block) const {
        team_->start(rank_, post<T>(detail::collective::all_gather, slot, source, target, rows(outer, block)));
    }
    /// Completes it: this rank copies the parts of all to its target.
    template <class T>
    void all_gather_wait(int slot, T const* source, T* target, long outer, long block) const {
        auto const now = post<T>(detail::collective::all_gather, slot, source, target, rows(outer, block));
        team_->expect(rank_, now);
        bool const staged = team_->enter(rank_, now, outer * block * bytes_of<T>);
        for (long o = 0; o < outer; ++o)
            for (int k = 0; k < size_; ++k) {
                int const r = (rank_ + k) % size_;  // ranks begin at different sources
                detail::copy(source_of<T>(r) + o * block, target + (o * size_ + r) * block, block);
            }
        team_->leave(rank_, staged);
    }

    /// source [outer][n][block] -> target [outer][block]; to accumulate: target + (the sum in rank order)
    template <class T>
    void reduce_scatter_start(int slot, T const* source, T* target, long outer, long block) const {
        team_->start(rank_, post<T>(detail::collective::reduce_scatter, slot, source, target, rows(outer, block)));
    }
    /// Completes it: this rank sums its part of all sources.
    template <class T>
    void reduce_scatter_wait(int slot, T const* source, T* target, long outer, long block, bool accumulate) const {
        auto const now = post<T>(detail::collective::reduce_scatter, slot, source, target, rows(outer, block));
        team_->expect(rank_, now);
        bool const staged = team_->enter(rank_, now, outer * size_ * block * bytes_of<T>);
        T const* sources[max_size];
        for (long o = 0; o < outer; ++o) {
            for (int r = 0; r < size_; ++r) sources[r] = source_of<T>(r) + (o * size_ + rank_) * block;
            T* const row = target + o * block;
            if (accumulate)
                detail::combine<reduction::sum, true>(sources, size_, &row, 1, 0, block);
            else
                detail::combine<reduction::sum>(sources, size_, &row, 1, 0, block);
        }
        team_->leave(rank_, staged);
    }

    /// See `shardtype::exchange`. Source and target must not overlap.
    template <class T>
    void all_to_all_start(int slot, T const* source, T* target, exchange const& shapes) const {
        team_->start(rank_, post<T>(detail::collective::all_to_all, slot, source, target, shapes));
    }
    /// Completes it: this rank copies what is for it out of all sources.
    template <class T>
    void all_to_all_wait(int slot, T const* source, T* target, exchange const& shapes) const {
        auto const now = post<T>(detail::collective::all_to_all, slot, source, target, shapes);
        team_->expect(rank_, now);
        long const inner = shapes.split * shapes.middle;
        bool const staged = team_->enter(rank_, now, shapes.outer * size_ * inner * shapes.block * bytes_of<T>);
        long const outer = inner > 0 ? shapes.outer : 0;  // of nothing the pointers may be null
        for (long o = 0; o < outer; ++o)
            for (int k = 0; k < size_; ++k) {
                int const r = (rank_ + k) % size_;
                T const* const from = source_of<T>(r);
                if (shapes.trailing_to_leading)
                    detail::copy_rows(from + (o * size_ + rank_) * inner * shapes.block, shapes.block,
                                      target + (o * inner * size_ + r) * shapes.block, size_ * shapes.block, inner,
                                      shapes.block);
                else
                    detail::copy_rows(from + (o * inner * size_ + rank_) * shapes.block, size_ * shapes.block,
                                      target + (o * size_ + r) * inner * shapes.block, shapes.block, inner,
                                      shapes.block);
            }
        team_->leave(rank_, staged);
    }

    /// From `root` to all.
    template <class T>
    void broadcast_start(int slot, T* buffer, long count, int root) const {
        team_->start(rank_, post<T>(detail::collective::broadcast, slot, buffer, buffer, rows(count, 1), root));
    }
    /// Completes it: this rank copies the buffer of `root`.
    template <class T>
    void broadcast_wait(int slot, T* buffer, long count, int root) const {
        auto now = post<T>(detail::collective::broadcast, slot, buffer, buffer, rows(count, 1), root);
        team_->expect(rank_, now);
        if (rank_ != root) now.source = nullptr;  // nobody reads it: nothing to stage
        bool const staged = team_->enter(rank_, now, count * bytes_of<T>);
        if (rank_ != root) detail::copy(source_of<T>(root), buffer, count);
        team_->leave(rank_, staged);
    }

    /// Start and wait in one.
    /// @{
    template <class T>
    void all_reduce(T const* source, T* target, long count, reduction combine = reduction::sum) const {
        all_reduce_start(team_->own_slot(), source, target, count);
        all_reduce_wait(team_->own_slot(), source, target, count, combine);
    }
    template <class T>
    void all_gather(T const* source, T* target, long outer, long block) const {
        all_gather_start(team_->own_slot(), source, target, outer, block);
        all_gather_wait(team_->own_slot(), source, target, outer, block);
    }
    template <class T>
    void reduce_scatter(T const* source, T* target, long outer, long block, bool accumulate = false) const {
        reduce_scatter_start(team_->own_slot(), source, target, outer, block);
        reduce_scatter_wait(team_->own_slot(), source, target, outer, block, accumulate);
    }
    template <class T>
    void all_to_all(T const* source, T* target, exchange const& shapes) const {
        all_to_all_start(team_->own_slot(), source, target, shapes);
        all_to_all_wait(team_->own_slot(), source, target, shapes);
    }
    template <class T>
    void broadcast(T* buffer, long count, int root) const {
        broadcast_start(team_->own_slot(), buffer, count, root);
        broadcast_wait(team_->own_slot(), buffer, count, root);
    }
    /// @}

  private:
    template <class T>
    static constexpr long bytes_of = static_cast<long>(sizeof(T));
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
    T const* source_of(int peer) const {
        return static_cast<T const*>(team_->peer(rank_, peer).source);
    }

    team* team_ = nullptr;
    int rank_ = 0;
    int size_ = 1;
};

static_assert(shardtype::communicator<communicator>);

}  // namespace shardtype::thread
