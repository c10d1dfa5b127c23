#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/cuda/permute.hpp>
#include <shardtype/comm/nccl/group.hpp>
#include <shardtype/comm/nccl/room_sizes.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::nccl {

/// One rank's handle in a group of GPUs; models `shardtype::communicator`, see there, for float, double, bf16 and int.
/// For the rank's own thread.
///
/// Only `barrier` waits on the host. The others give work to streams: what they say of their return is true for what
/// the rank's stream is given after it, so a step may be captured in a CUDA graph, whole: a start and its wait in one
/// graph, and each kind of collective called once before, for NCCL connects ranks at the first call.
///
/// The order of additions is NCCL's: the same in every run of one machine, but not rank order, and of bf16 each is
/// rounded. A group of one rank copies and needs no NCCL.
/// @throws std::runtime_error for errors of NCCL's and where this rank has failed; for ranks that issue different
/// collectives, where that is checked; std::invalid_argument for sizes out of range
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
    /// The room of a slot is this memory until the next finish there, if it is enough.
    void lend(int slot, std::byte* memory, long bytes) const { group_->lend(slot, memory, bytes); }
    /// The next sum in this slot is not added to its target, and needs no room.
    void only_stores(int slot) const { group_->only_stores(slot); }
    /// See `rank_communicators::withdraw`.
    bool forget() const noexcept { return group_ != nullptr && group_->forget(); }

    /// Waits on the host for all ranks of the group, and for what they have given to their streams before.
    void barrier() const {
        posting post;
        post.what.kind = collective::barrier;
        post.what.slot = group_->own_slot();
        group_->start(post, 0, [&](group::flight&) {
            int* const number = group_->own_numbers();
            return size() == 1 ? ncclSuccess
                               : ncclAllReduce(number, number + 1, 1, ncclInt, ncclSum, group_->comm(), stream());
        });
        group_->wait(post);
        group_->finish(post);
        group_->rank_watch().await(compute());
    }

    /// target[i] = the sum, or the largest, of source[i] over the ranks.
    template <class T>
    void all_reduce_start(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->start(reducing(slot, source, target, count, by), 0, [&](group::flight&) {
            if (size() == 1) return copied(source, target, count);
            return ncclAllReduce(source, target, at(count), type<T>, by == reduction::max ? ncclMax : ncclSum,
                                 group_->comm(), stream());
        });
    }
    /// The rank's stream waits for it.
    template <class T>
    void all_reduce_wait(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->wait(reducing(slot, source, target, count, by));
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_reduce_finish(int slot, T const* source, T* target, long count, reduction by = reduction::sum) const {
        group_->finish(reducing(slot, source, target, count, by));
    }

    /// source [outer][block] -> target [outer][n][block]
    template <class T>
    void all_gather_start(int slot, T const* source, T* target, long outer, long block) const {
        group_->start(post(collective::all_gather, slot, source, target, rows(outer, block)), 0, [&](group::flight&) {
            if (size() == 1) return copied(source, target, outer * block);
            return group::together(outer, [&](long o) {
                return ncclAllGather(source + o * block, target + o * size() * block, at(block), type<T>,
                                     group_->comm(), stream());
            });
        });
    }
    /// The rank's stream waits for it.
    template <class T>
    void all_gather_wait(int slot, T const* source, T* target, long outer, long block) const {
        group_->wait(post(collective::all_gather, slot, source, target, rows(outer, block)));
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_gather_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(post(collective::all_gather, slot, source, target, rows(outer, block)));
    }

    /// source [outer][n][block] -> target [outer][block]; to accumulate: target + the sum
    template <class T>
    void reduce_scatter_start(int slot, T const* source, T* target, long outer, long block) const {
        group_->start(post(collective::reduce_scatter, slot, source, target, rows(outer, block)),
                      reduce_scatter_room(size(), outer, block, sizeof(T)), [&](group::flight& f) {
                          T* const to = f.only_stores() ? target : f.room<T>();
                          if (size() == 1) return copied(source, to, outer * block);
                          return group::together(outer, [&](long o) {
                              return ncclReduceScatter(source + o * size() * block, to + o * block, at(block), type<T>,
                                                       ncclSum, group_->comm(), stream());
                          });
                      });
    }
    /// The rank's stream waits for it, and stores or adds it.
    /// @throws std::runtime_error where it adds in a slot that `only_stores`
    template <class T>
    void reduce_scatter_wait(int slot, T const* source, T* target, long outer, long block, bool accumulate) const {
        group::flight& f = group_->wait(post(collective::reduce_scatter, slot, source, target, rows(outer, block)));
        if (f.only_stores() && accumulate)
            throw std::runtime_error("a reduce_scatter adds in slot " + std::to_string(slot) + ", which only stores");
        if (accumulate)
            comm_cuda::add<T>(f.room<T>(), target, outer * block, compute());
        else if (!f.only_stores())
            comm_cuda::copy<T>(f.room<T>(), target, outer * block, compute());
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void reduce_scatter_finish(int slot, T const* source, T* target, long outer, long block) const {
        group_->finish(post(collective::reduce_scatter, slot, source, target, rows(outer, block)));
    }

    /// See `shardtype::exchange`. Source and target must not overlap.
    template <class T>
    void all_to_all_start(int slot, T const* source, T* target, exchange const& x) const {
        group_->start(post(collective::all_to_all, slot, source, target, x), all_to_all_room(size(), x, sizeof(T)),
                      [&](group::flight& f) {
                          long const count = part(x), n = size();
                          if (n == 1) return copied(source, target, count);
                          T const* send = source;
                          T* receive = target;
                          if (!whole(x)) {
                              T* const packed = f.room<T>();
                              comm_cuda::permute(source, packed, parts(n, x), split_side(n, x), packed_side(x),
                                                 stream());
                              send = packed;
                              receive = packed + n * count;
                          }
                          comm_cuda::copy(send + rank() * count, receive + rank() * count, count, stream());
                          return group::together(2 * (n - 1), [&](long i) {  // with each, a part there and one back
                              long const r = (rank() + 1 + i / 2) % n;
                              return i % 2 == 0 ? ncclSend(send + r * count, at(count), type<T>, static_cast<int>(r),
                                                           group_->comm(), stream())
                                                : ncclRecv(receive + r * count, at(count), type<T>, static_cast<int>(r),
                                                           group_->comm(), stream());
                          });
                      });
    }
    /// The rank's stream waits for it, and puts the parts in their places.
    template <class T>
    void all_to_all_wait(int slot, T const* source, T* target, exchange const& x) const {
        group::flight& f = group_->wait(post(collective::all_to_all, slot, source, target, x));
        long const n = size();
        if (n == 1 || whole(x)) return;
        exchange const back{x.outer, x.split, x.middle, x.block, !x.trailing_to_leading};
        comm_cuda::permute<T>(f.room<T>() + n * part(x), target, parts(n, x), packed_side(x), split_side(n, back),
                              compute());
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void all_to_all_finish(int slot, T const* source, T* target, exchange const& x) const {
        group_->finish(post(collective::all_to_all, slot, source, target, x));
    }

    /// From `root` to all.
    template <class T>
    void broadcast_start(int slot, T* buffer, long count, int root) const {
        group_->start(sending(slot, buffer, count, root), 0, [&](group::flight&) {
            if (size() == 1) return ncclSuccess;
            return ncclBroadcast(buffer, buffer, at(count), type<T>, root, group_->comm(), stream());
        });
    }
    /// The rank's stream waits for it.
    template <class T>
    void broadcast_wait(int slot, T* buffer, long count, int root) const {
        group_->wait(sending(slot, buffer, count, root));
    }
    /// Nobody reads or writes this rank's operands any more.
    template <class T>
    void broadcast_finish(int slot, T* buffer, long count, int root) const {
        group_->finish(sending(slot, buffer, count, root));
    }

    /// Start, wait and finish in one.
    /// @{
    template <class T>
    void all_reduce(T const* source, T* target, long count, reduction by = reduction::sum) const {
        all_reduce_start(group_->own_slot(), source, target, count, by);
        all_reduce_wait(group_->own_slot(), source, target, count, by);
        all_reduce_finish(group_->own_slot(), source, target, count, by);
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
    void all_to_all(T const* source, T* target, exchange const& x) const {
        all_to_all_start(group_->own_slot(), source, target, x);
        all_to_all_wait(group_->own_slot(), source, target, x);
        all_to_all_finish(group_->own_slot(), source, target, x);
    }
    template <class T>
    void broadcast(T* buffer, long count, int root) const {
        broadcast_start(group_->own_slot(), buffer, count, root);
        broadcast_wait(group_->own_slot(), buffer, count, root);
        broadcast_finish(group_->own_slot(), buffer, count, root);
    }
    /// @}

  private:
    template <class T>
    static constexpr ncclDataType_t type = dtype_of<T> == dtype::f64    ? ncclFloat64
                                           : dtype_of<T> == dtype::bf16 ? ncclBfloat16
                                           : dtype_of<T> == dtype::i32  ? ncclInt32
                                                                        : ncclFloat32;
    static constexpr exchange rows(long outer, long block) { return {outer, 1, 1, block, false}; }
    static std::size_t at(long i) { return static_cast<std::size_t>(i); }

    // An all_to_all's part of one rank for one other, in elements; whether those lie together, one after the other.
    static constexpr long part(exchange const& x) { return x.outer * x.split * x.middle * x.block; }
    static constexpr bool whole(exchange const& x) { return x.outer == 1 && x.split * x.middle == 1; }
    static comm_cuda::box parts(long n, exchange const& x) { return {n, x.outer, x.split * x.middle, x.block}; }
    // Where they lie in what is cut, and packed.
    static comm_cuda::strides split_side(long n, exchange const& x) {
        long const inner = x.split * x.middle;
        if (x.trailing_to_leading) return {inner * x.block, n * inner * x.block, x.block};
        return {x.block, inner * n * x.block, n * x.block};
    }
    static comm_cuda::strides packed_side(exchange const& x) {
        return {part(x), x.split * x.middle * x.block, x.block};
    }

    template <class T>
    ncclResult_t copied(T const* source, T* target, long count) const {
        comm_cuda::copy(source, target, count, stream());
        return ncclSuccess;
    }
    [[nodiscard]] cudaStream_t stream() const { return group_->stream(); }
    [[nodiscard]] cudaStream_t compute() const { return group_->compute(); }

    template <class T>
    static posting post(collective kind, int slot, T const* source, T* target, exchange const& x, int root = 0) {
        static_assert(is_element<T>, "NCCL ranks move float, double, bf16 and int");
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
};

static_assert(shardtype::communicator<communicator>);

}  // namespace shardtype::nccl
