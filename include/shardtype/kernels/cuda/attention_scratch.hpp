#pragma once
#include <shardtype/kernels/cpu/attention_scratch.hpp>
#include <type_traits>

namespace shardtype::cuda {

using cpu::attention_shape;

/// The widest head that the kernels take.
inline constexpr long attention_max_head_dim = 128;

/// What a library's gradients may take for the seq x seq matrix of as many heads as one call takes, so that they are
/// the same bits from run to run: Llama 3 8B's four heads per kv head at a sequence of 8,192 just fit.
inline constexpr long attention_square_limit = 512L << 20;

}  // namespace shardtype::cuda

namespace shardtype::cuda::detail {

/// Bytes of the own backward kernel: one number per row of queries.
template <class T>
constexpr long attention_own_bytes(attention_shape s) {
    return s.batch * s.heads * s.seq * long{sizeof(wide_t<T>)};
}

/// How many sequences and kv heads cuDNN's gradients take at once; none if not even one kv head fits.
struct attention_slice {
    long batch = 0, kv_heads = 0;
};
constexpr attention_slice attention_slice_of(attention_shape s) {
    long const seq = shardtype::detail::attention_round_up(s.seq, 128);
    long const of_kv_head = s.heads / s.kv_heads * seq * seq * 2;
    long const room = attention_square_limit / of_kv_head;
    if (room < 1) return {};
    attention_slice slice{1, s.kv_heads};
    while (slice.kv_heads > room || s.kv_heads % slice.kv_heads != 0) --slice.kv_heads;
    if (slice.kv_heads < s.kv_heads) return slice;
    slice.batch = room / s.kv_heads < s.batch ? room / s.kv_heads : s.batch;
    while (s.batch % slice.batch != 0) --slice.batch;
    return slice;
}

}  // namespace shardtype::cuda::detail

namespace shardtype::cuda {

/// Scratch that `attention_forward` and `prepared_attention` take: none of our own, and what a library plans with.
template <class T>
constexpr long attention_forward_scratch_bytes(attention_shape) {
    return std::is_same_v<T, bf16> ? 1L << 20 : 0;
}

/// Scratch that `attention_backward` and `prepared_attention` take. For bf16 also what cuDNN's plans want: a number per
/// row, dk and dv per query head, and the seq x seq matrix of a slice of the heads or, where that is too large, dq in
/// float.
template <class T>
constexpr long attention_backward_scratch_bytes(attention_shape s) {
    long const own = detail::attention_own_bytes<T>(s);
    if constexpr (!std::is_same_v<T, bf16>) {
        return own;
    } else {
        auto const slice = detail::attention_slice_of(s);
        bool const fits = slice.batch > 0;
        long const seq = shardtype::detail::attention_round_up(s.seq, 128);
        long const width = shardtype::detail::attention_round_up(s.head_dim, 64);
        long const rows = (fits ? slice.batch * slice.kv_heads * (s.heads / s.kv_heads) : s.batch * s.heads) * seq;
        long const of_heads =
            s.heads == s.kv_heads ? 0 : rows * width * (fits ? 4 : 8);  // in float where they are added up
        long const library = of_heads + rows * (fits ? 2 * seq : 4 * width) + rows * 8 + (1L << 20);
        return library > own ? library : own;
    }
}

}  // namespace shardtype::cuda
