#pragma once
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::cpu {

/// Sizes of one attention call: q, out and their gradients are [batch, seq, heads, head_dim];
/// k, v and theirs are [batch, seq, kv_heads, head_dim]. `heads` is a multiple of `kv_heads`.
struct attention_shape {
    /// As above; on one rank.
    long batch, seq, heads, kv_heads, head_dim;
};

}  // namespace shardtype::cpu

namespace shardtype::detail {

constexpr long attention_round_up(long value, long multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Keys (forward) or queries (backward) whose scores are held at once.
inline constexpr long attention_block = 96;

/// Vectors of one register tile; fewer vectors leave fewer accumulators, more do not fit into 32 or 16 registers.
inline constexpr int attention_vectors = 3;

/// Lanes of the widest supported vector, of what T is computed in: the bounds do not depend on the instruction set that
/// the kernel is compiled for.
template <class T>
inline constexpr long attention_max_lanes = 64 / long{sizeof(wide_t<T>)};

/// Numbers of wide_t<T> that the forward kernel lays out with `lanes` lanes: packed k and v of one head, then the
/// tile's transposed q and out, its scores, row sums and row maxima.
template <class T>
constexpr long attention_forward_elements(cpu::attention_shape s, long lanes) {
    long const tile = attention_vectors * lanes;
    long const width = attention_round_up(s.head_dim, attention_max_lanes<T>);
    return 2 * attention_round_up(s.seq, lanes) * width + 2 * width * tile + attention_block * tile + 2 * tile;
}

/// Numbers of wide_t<T> that the backward kernel lays out: packed q, dout and dq of one head and three numbers per row,
/// then the tile's k transposed and not, v transposed, the transposed dk and dv, and the probabilities and their
/// gradients; for bf16 the sums of dk and dv over the query heads, too.
template <class T>
constexpr long attention_backward_elements(cpu::attention_shape s, long lanes) {
    long const tile = attention_vectors * lanes;
    long const width = attention_round_up(s.head_dim, attention_max_lanes<T>);
    long const rows = attention_round_up(s.seq, attention_max_lanes<T>);
    long const sums = sizeof(T) < sizeof(wide_t<T>) ? 2 * attention_round_up(s.seq, lanes) * width : 0;
    return sums + 3 * rows * width + 3 * rows + 5 * width * tile + 2 * attention_block * tile;
}

}  // namespace shardtype::detail

namespace shardtype::cpu {

/// Scratch that `attention_forward` needs: O(seq * head_dim) for one head at a time, never O(seq^2).
template <class T>
constexpr long attention_forward_scratch_bytes(attention_shape s) {
    return shardtype::detail::attention_forward_elements<T>(s, shardtype::detail::attention_max_lanes<T>) *
           long{sizeof(wide_t<T>)};
}

/// Scratch that `attention_backward` needs: O(seq * head_dim) for one head at a time, never O(seq^2).
template <class T>
constexpr long attention_backward_scratch_bytes(attention_shape s) {
    return shardtype::detail::attention_backward_elements<T>(s, shardtype::detail::attention_max_lanes<T>) *
           long{sizeof(wide_t<T>)};
}

}  // namespace shardtype::cpu
