#pragma once

#include <concepts>

namespace shardtype {

/// How an all_reduce combines elements. Of NaNs, `max` may keep or drop any.
enum class reduction : unsigned char { sum, max };

/// Shapes of an all_to_all: it moves the shard of a tensor from one dimension to another. With n ranks:
///   trailing_to_leading == false: source [outer][split][middle][n][block] -> target [outer][n][split][middle][block]
///   trailing_to_leading == true:  source [outer][n][split][middle][block] -> target [outer][split][middle][n][block]
/// Index n is the receiving rank in the source and the sending rank in the target. One is the inverse of the other.
/// Example, 4 ranks, rows sharded -> columns sharded of an 8 x 12 matrix: {1, 2, 1, 3, false}, 2 x 12 becomes 8 x 3.
struct exchange {
    /// The sizes above, in elements.
    /// @{
    long outer = 1;
    long split = 1;
    long middle = 1;
    long block = 1;
    /// @}
    bool trailing_to_leading = false;  ///< which of the two forms
};

/// What a back end offers to one rank of a group of n = size() ranks; a cheap handle, like a span.
///
/// Collectives are split in three. `start` names this rank's operands in `slot` and returns at once; when `wait`
/// returns, the target holds the result; when `finish` returns, nobody reads or writes this rank's operands any more.
/// From start to finish the source must not change, and until wait the target belongs to the collective; after it, this
/// rank may read and write the target, for others only read sources, and all write the targets before the wait returns.
/// A target that is its source counts as a source. Every slot may be in flight at once, and wait and finish repeat the
/// operands of their start. All ranks of a group issue the same calls in the same order, on the same slots. The forms
/// without a slot are all three in one. Counts are in elements, addition is in rank order 0..n-1.
///
///   all_reduce      target[i] = sum or max over ranks of source[i]; target may equal source
///   all_gather      source [outer][block]    -> target [outer][n][block]
///   reduce_scatter  source [outer][n][block] -> target [outer][block], the sum stored or, to accumulate, added
///   all_to_all      see `exchange`
///   broadcast       buffer of `root` -> buffer of all
template <class C>
concept communicator = requires(C const& c, float const* source, float* target, int slot, int root, long n, bool add,
                                exchange const& shapes, reduction combine) {
    { c.rank() } -> std::convertible_to<int>;
    { c.size() } -> std::convertible_to<int>;
    c.barrier();
    c.all_reduce_start(slot, source, target, n, combine);
    c.all_reduce_wait(slot, source, target, n, combine);
    c.all_reduce_finish(slot, source, target, n, combine);
    c.all_gather_start(slot, source, target, n, n);
    c.all_gather_wait(slot, source, target, n, n);
    c.all_gather_finish(slot, source, target, n, n);
    c.reduce_scatter_start(slot, source, target, n, n);
    c.reduce_scatter_wait(slot, source, target, n, n, add);
    c.reduce_scatter_finish(slot, source, target, n, n);
    c.all_to_all_start(slot, source, target, shapes);
    c.all_to_all_wait(slot, source, target, shapes);
    c.all_to_all_finish(slot, source, target, shapes);
    c.broadcast_start(slot, target, n, root);
    c.broadcast_wait(slot, target, n, root);
    c.broadcast_finish(slot, target, n, root);
    c.all_reduce(source, target, n, combine);
    c.all_gather(source, target, n, n);
    c.reduce_scatter(source, target, n, n, add);
    c.all_to_all(source, target, shapes);
    c.broadcast(target, n, root);
};

}  // namespace shardtype
