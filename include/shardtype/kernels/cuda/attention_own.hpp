#pragma once
#include <cstdint>
#include <shardtype/kernels/cuda/attention_own_backward.hpp>
#include <shardtype/kernels/cuda/attention_own_forward.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/execution.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shardtype::cuda::detail {

/// Refuses what the kernels do not compute.
inline void check_attention(attention_shape s, char const* name) {
    bool const heads = s.kv_heads >= 1 && s.heads >= 1 && s.heads % s.kv_heads == 0;
    bool const sizes = s.batch >= 1 && s.seq >= 1 && s.seq < (1L << 30) && s.head_dim >= 1 &&
                       s.head_dim <= attention_max_head_dim && s.batch * s.heads * s.seq < (1L << 34);
    if (!heads || !sizes)
        throw std::invalid_argument(
            std::string(name) + ": sizes must be positive, heads a multiple of kv_heads and head_dim at most " +
            std::to_string(attention_max_head_dim) + ", got heads = " + std::to_string(s.heads) +
            ", kv_heads = " + std::to_string(s.kv_heads) + ", batch = " + std::to_string(s.batch) +
            ", seq = " + std::to_string(s.seq) + ", head_dim = " + std::to_string(s.head_dim));
}

/// Calls `run` with the least width that the head fits into, as a type.
template <class Run>
void with_attention_width(long head_dim, Run run) {
    if (head_dim <= 16) return run(std::integral_constant<int, 16>{});
    if (head_dim <= 32) return run(std::integral_constant<int, 32>{});
    if (head_dim <= 64) return run(std::integral_constant<int, 64>{});
    return run(std::integral_constant<int, 128>{});
}

/// The call as the kernels see it: 16 bytes at a time if all rows of all operands allow it.
template <class T, class... Pointers>
attention_call attention_call_of(attention_shape s, Pointers const*... operands) {
    bool const aligned = ((reinterpret_cast<std::uintptr_t>(operands) % 16 == 0) && ...);
    return {s, aligned && s.head_dim * long{sizeof(T)} % 16 == 0};
}

inline unsigned attention_blocks(long seq, int rows, long heads) {
    return static_cast<unsigned>((seq + rows - 1) / rows * heads);
}

template <class T>
wide_t<T> attention_scale(attention_shape s) {
    return static_cast<wide_t<T>>(1 / std::sqrt(static_cast<double>(s.head_dim)));
}

}  // namespace shardtype::cuda::detail

namespace shardtype::cuda {

/// `cpu::attention_forward` on device memory, for heads of at most 128 numbers; takes no scratch. Enqueues only.
/// @throws std::invalid_argument for other sizes
template <class T>
void attention_forward(execution const& e, attention_shape s, T const* q, T const* k, T const* v, T* out,
                       wide_t<T>* lse) {
    using W = wide_t<T>;
    detail::check_attention(s, "attention_forward");
    detail::with_attention_width(s.head_dim, [&](auto width) {
        using tiles = detail::attention_tiles<W, decltype(width)::value>;
        constexpr int rows = tiles::forward_rows;
        launch(detail::attention_forward_kernel<T, decltype(width)::value>,
               detail::attention_blocks(s.seq, rows, s.batch * s.heads), static_cast<unsigned>(tiles::forward_threads),
               e.stream, detail::attention_call_of<T>(s, q, k, v, out), q, k, v, out, lse,
               detail::attention_scale<T>(s));
    });
}

/// `cpu::attention_backward` on device memory, for heads of at most 128 numbers: one pass for dq, one for dk and dv,
/// which both make the probabilities anew (7 products instead of 5), so that no sum depends on the order of blocks.
/// Needs `batch * heads * seq` numbers of scratch. Enqueues only.
/// @throws std::invalid_argument for other sizes, std::runtime_error for too little scratch
template <class T>
void attention_backward(execution const& e, attention_shape s, T const* q, T const* k, T const* v, T const* out,
                        wide_t<T> const* lse, T const* dout, T* dq, T* dk, T* dv) {
    using W = wide_t<T>;
    detail::check_attention(s, "attention_backward");
    long const bytes = detail::attention_own_bytes<T>(s);
    if (e.scratch == nullptr || e.scratch_bytes < static_cast<std::size_t>(bytes))
        throw std::runtime_error("attention_backward: needs " + std::to_string(bytes) + " bytes of scratch, got " +
                                 std::to_string(e.scratch == nullptr ? 0 : e.scratch_bytes));
    auto* const delta = static_cast<W*>(e.scratch);
    detail::with_attention_width(s.head_dim, [&](auto width) {
        using tiles = detail::attention_tiles<W, decltype(width)::value>;
        constexpr int rows = tiles::backward_rows;
        auto const threads = static_cast<unsigned>(tiles::backward_threads);
        auto const call = detail::attention_call_of<T>(s, q, k, v, dout, dq, dk, dv);
        W const scale = detail::attention_scale<T>(s);
        launch(detail::attention_dq_kernel<T, decltype(width)::value>,
               detail::attention_blocks(s.seq, rows, s.batch * s.heads), threads, e.stream, call, q, k, v, out, lse,
               dout, dq, delta, scale);
        launch(detail::attention_dkv_kernel<T, decltype(width)::value>,
               detail::attention_blocks(s.seq, rows, s.batch * s.kv_heads), threads, e.stream, call, q, k, v, lse, dout,
               delta, dk, dv, scale);
    });
}

}  // namespace shardtype::cuda
