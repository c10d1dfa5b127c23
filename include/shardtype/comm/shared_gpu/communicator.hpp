#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/shared_gpu/group.hpp>
#include <shardtype/comm/shared_gpu/kernels.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::shared_gpu {

/// One rank's handle in a group of thread ranks on one device; models `shardtype::communicator`, see there, for float,
/// double, bf16 and int, whose bits are those of `thread::communicator`. For the rank's own thread.
///
/// `wait` meets the other ranks on the host, and then all work is in streams: what is said of a return is true for what
/// the rank's stream is given after it. Of a reduce_scatter, all ranks add or all store. With n ranks and S bytes of
/// each, an all_reduce reads and writes n S once, in one kernel; the others likewise.
/// @throws thread::rank_failed where another rank has failed; std::runtime_error for ranks that issue different
/// collectives, where a rank has returned, or for errors of CUDA's; std::invalid_argument for sizes out of range
class communicator {
  public:
    communicator() = default;
    /// The handle of a rank of `of`, which outlives it.
    communicator(group& of, int rank) : group_(&of), rank_(rank), size_(of.size()) {}

    /// Its place in the group, and the group's ranks.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int size() const noexcept { return size_; }
    /// @}
    /// Seconds that the host has waited for other ranks since `world::run` began.
    [[nodiscard]] double waited_seconds() const noexcept { return group_ ? group_->team().waited_seconds(rank_) : 0; }
    /// See `rank_communicators::withdraw`.
    void withdraw(int world_rank) const noexcept {
        if (group_) group_->team().withdraw(rank_, world_rank);
    }
    /// Waits for the group's kernels. After all withdrew.
    void quiet() const noexcept {
        if (group_) (void)cudaStreamSynchronize(group_->stream());
    }

    /// Waits on the host for all ranks of the group, and for what they have given to their streams before.
    void barrier() const {
        posting post;
        post.what.kind = collective::barrier;
        post.what.slot = own_slot();
        group_->start(rank_, post);
        group_->wait(rank_, post, false, [](cudaStream_t) {});
        group_->finish(rank_, post);
        resting const meanwhile(group_->of(rank_));
        comm_cuda::check(cudaStreamSynchronize(group_->of(rank_).compute), "cudaStreamSynchronize");
    }

    /// target[i] = sum or max over ranks of source[i]
    template <class T>
    void all_reduce_start(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->start(rank_, reducing(slot, source, target, count, by));
    }
    /// The rank's stream waits for it.
    template <class T>
    void all_reduce_wait(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        auto const now = reducing(slot, source, target, count, by);
        group_->wait(rank_, now, false, [&](cudaStream_t on) { reduce_to_all(of_all<T>(now), size_, count, by, on); });
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_reduce_finish(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->finish(rank_, reducing(slot, source, target, count, by));
    }

    /// source [outer][block] -> target [outer][n][block]
    template <class T>
    void all_gather_start(int slot, T const* source, T* target, long outer, long block) const {
        group_->start(rank_, post(collective::all_gather, slot, source, target, rows(outer, block)));
    }
    /// The rank's stream waits for it.
    template <class T>
    void all_gather_wait(int slot, T const* source, T* target, long outer, long block) const {
        auto const now = post(collective::all_gather, slot, source, target, rows(outer, block));
        group_->wait(rank_, now, false, [&](cudaStream_t on) {
            move_all(of_all<T>(now), size_, size_, {1, outer, 1, block}, {0, block, 0}, {block, size_ * block, 0}, on);
        });
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_gather_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(rank_, post(collective::all_gather, slot, source, target, rows(outer, block)));
    }

    /// source [outer][n][block] -> target [outer][block]; to accumulate: target + (the sum in rank order)
    template <class T>
    void reduce_scatter_start(int slot, T const* source, T* target, long outer, long block) const {
        group_->start(rank_, post(collective::reduce_scatter, slot, source, target, rows(outer, block)));
    }
    /// The rank's stream waits for it.
    template <class T>
    void reduce_scatter_wait(int slot, T const* source, T* target, long outer, long block, bool accumulate) const {
        auto const now = post(collective::reduce_scatter, slot, source, target, rows(outer, block));
        group_->wait(rank_, now, accumulate,
                     [&](cudaStream_t on) { reduce_to_parts(of_all<T>(now), size_, outer, block, accumulate, on); });
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void reduce_scatter_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(rank_, post(collective::reduce_scatter, slot, source, target, rows(outer, block)));
    }

    /// See `shardtype::exchange`. Source and target must not overlap.
    template <class T>
    void all_to_all_start(int slot, T const* source, T* target, exchange const& shapes) const {
        group_->start(rank_, post(collective::all_to_all, slot, source, target, shapes));
    }
    /// The rank's stream waits for it.
    template <class T>
    void all_to_all_wait(int slot, T const* source, T* target, exchange const& shapes) const {
        auto const now = post(collective::all_to_all, slot, source, target, shapes);
        group_->wait(rank_, now, false, [&](cudaStream_t on) {
            long const inner = shapes.split * shapes.middle, n = size_, block = shapes.block;
            comm_cuda::strides const leading{inner * block, n * inner * block, block};
            comm_cuda::strides const trailing{block, inner * n * block, n * block};
            bool const back = shapes.trailing_to_leading;
            move_all(of_all<T>(now), size_, size_, {1, shapes.outer, inner, block}, back ? leading : trailing,
                     back ? trailing : leading, on);
        });
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_to_all_finish(int slot, T const* source, T* target, exchange const& shapes) const {
        group_->finish(rank_, post(collective::all_to_all, slot, source, target, shapes));
    }

    /// From `root` to all.
    template <class T>
    void broadcast_start(int slot, T* buffer, long count, int root) const {
        group_->start(rank_, sending(slot, buffer, count, root));
    }
    /// The rank's stream waits for it.
    template <class T>
    void broadcast_wait(int slot, T* buffer, long count, int root) const {
        auto const now = sending(slot, buffer, count, root);
        group_->wait(rank_, now, false, [&](cudaStream_t on) {
            operands<T> all = of_all<T>(now);
            for (int r = 0; r < size_; ++r) all.source[r] = all.target[root];
            move_all(all, size_, 1, {1, 1, 1, count}, {}, {}, on);
        });
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void broadcast_finish(int slot, T* buffer, long count, int root) const {
        group_->finish(rank_, sending(slot, buffer, count, root));
    }

    /// Start, wait and finish in one.
    /// @{
    template <class T>
    void all_reduce(T const* source, T* target, long count, reduction by = reduction::sum) const {
        all_reduce_start(own_slot(), source, target, count, by);
        all_reduce_wait(own_slot(), source, target, count, by);
        all_reduce_finish(own_slot(), source, target, count, by);
    }
    template <class T>
    void all_gather(T const* source, T* target, long outer, long block) const {
        all_gather_start(own_slot(), source, target, outer, block);
        all_gather_wait(own_slot(), source, target, outer, block);
        all_gather_finish(own_slot(), source, target, outer, block);
    }
    template <class T>
    void reduce_scatter(T const* source, T* target, long outer, long block, bool accumulate = false) const {
        reduce_scatter_start(own_slot(), source, target, outer, block);
        reduce_scatter_wait(own_slot(), source, target, outer, block, accumulate);
        reduce_scatter_finish(own_slot(), source, target, outer, block);
    }
    template <class T>
    void all_to_all(T const* source, T* target, exchange const& shapes) const {
        all_to_all_start(own_slot(), source, target, shapes);
        all_to_all_wait(own_slot(), source, target, shapes);
        all_to_all_finish(own_slot(), source, target, shapes);
    }
    template <class T>
    void broadcast(T* buffer, long count, int root) const {
        broadcast_start(own_slot(), buffer, count, root);
        broadcast_wait(own_slot(), buffer, count, root);
        broadcast_finish(own_slot(), buffer, count, root);
    }
    /// @}

  private:
    static constexpr exchange rows(long outer, long block) { return {outer, 1, 1, block, false}; }
    [[nodiscard]] int own_slot() const noexcept { return group_->team().own_slot(); }

    // After the meeting: what every rank has shown.
    template <class T>
    operands<T> of_all(posting const& now) const {
        operands<T> all{};
        for (int r = 0; r < size_; ++r) {
            posting const& theirs = group_->team().peer(rank_, now, r);
            all.source[r] = static_cast<T const*>(theirs.source);
            all.target[r] = static_cast<T*>(theirs.target);
        }
        return all;
    }

    template <class T>
    static posting post(collective kind, int slot, T const* source, T* target, exchange const& x, int root = 0) {
        static_assert(is_element<T>, "GPU ranks move float, double, bf16 and int");
        posting made;
        made.what = {kind,
                     thread::detail::type_letter<T>(),
                     sizeof(T),
                     reduction::sum,
                     x.trailing_to_leading,
                     slot,
                     root,
                     x.outer,
                     x.split,
                     x.middle,
                     x.block};
        made.source = source;
        made.target = target;
        return made;
    }
    template <class T>
    static posting reducing(int slot, T const* source, T* target, long count, reduction by) {
        auto made = post(collective::all_reduce, slot, source, target, rows(count, 1));
        made.what.combine = by;
        return made;
    }
    template <class T>
    static posting sending(int slot, T* buffer, long count, int root) {
        return post<T>(collective::broadcast, slot, buffer, buffer, rows(count, 1), root);
    }

    group* group_ = nullptr;
    int rank_ = 0;
    int size_ = 1;
};

static_assert(shardtype::communicator<communicator>);

}  // namespace shardtype::shared_gpu
