#pragma once

#include <shardtype/mesh/hardware.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

/// Which rate of a device bounds a kernel, beside that of its memory.
enum class work_kind : unsigned char {
    unknown,             ///< not one of the library's kernels
    memory,              ///< nothing but memory
    product,             ///< a matrix product
    attention_forward,   ///< fused
    attention_backward,  ///< fused, the scores made again
};

/// What a kernel does on one rank.
struct kernel_work {
    work_kind is = work_kind::unknown;  ///< the rate that counts
    double flops = 0;                   ///< performed: attention's causal half, its backward with the scores made again
    long bytes = 0;                     ///< read and written, each operand once
};

namespace detail {

constexpr kernel_work moves(long bytes) { return {work_kind::memory, 0, bytes}; }
/// dim m n k: operands [m, k] and [m, n] of b bytes an element, and the weights.
constexpr kernel_work product_work(step const& s, long b, long of_weights) {
    long const m = s.dim[0], n = s.dim[1], k = s.dim[2];
    return {work_kind::product, 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k),
            (m * k + m * n) * b + n * k * of_weights};
}
/// dim batch seq heads kv_heads head_dim; so many products of [seq, head_dim] by [head_dim, seq], halved by the mask;
/// so many passes over operands like q, and like k.
constexpr kernel_work attention_work(step const& s, work_kind is, int products, long like_q, long like_k) {
    long const tokens = s.dim[0] * s.dim[1], q = tokens * s.dim[2] * s.dim[4], kv = tokens * s.dim[3] * s.dim[4];
    double const one = static_cast<double>(q) * static_cast<double>(s.dim[1]);  // 2 flops, half of them
    return {is, static_cast<double>(products) * one,
            (like_q * q + like_k * kv) * bytes_of(s.type) + tokens * s.dim[2] * bytes_of(wide_of(s.type))};
}

}  // namespace detail

/// What a kernel step does, from its name, dims and dtype. Scratch, and the target of a sum that is read once more, are not
/// counted.
constexpr kernel_work work_of(step const& s) {
    using detail::moves;
    long const b = bytes_of(s.type), wide = bytes_of(wide_of(s.type));
    long const n = s.dim[0], cells = s.dim[0] * s.dim[1], columns = s.dim[1];
    switch (s.kernel) {
        case id_of<kernels::linear_forward>:
        case id_of<kernels::linear_input_gradient>:
        case id_of<kernels::matmul_forward>:
        case id_of<kernels::matmul_left_gradient>:
            return detail::product_work(s, b, b);
        case id_of<kernels::linear_weight_gradient>:
        case id_of<kernels::matmul_right_gradient>:
            return detail::product_work(s, b, wide);
        case id_of<kernels::attention_forward>:
            return detail::attention_work(s, work_kind::attention_forward, 2, 2, 2);
        case id_of<kernels::attention_backward>:
            return detail::attention_work(s, work_kind::attention_backward, 5, 4, 4);
        case id_of<kernels::embedding_forward>:
            return moves(2 * cells * b + 4 * n);
        case id_of<kernels::embedding_backward>:
            return moves(cells * (b + 2 * wide) + 4 * n + columns * s.dim[2] * wide);
        case id_of<kernels::rms_norm_forward>:
            return moves(2 * cells * b + columns * b + n * wide);
        case id_of<kernels::rms_norm_backward>:
            return moves(3 * cells * b + columns * (b + wide) + n * wide);
        case id_of<kernels::layer_norm_forward>:
            return moves(2 * cells * b + 2 * columns * b + 2 * n * wide);
        case id_of<kernels::layer_norm_backward>:
            return moves(3 * cells * b + columns * (b + 2 * wide) + 2 * n * wide);
        case id_of<kernels::rotary_table>:
            return moves(cells * wide);
        case id_of<kernels::rotary_forward>:
        case id_of<kernels::rotary_backward>:
            return moves(2 * cells * s.dim[2] * s.dim[3] * b + columns * s.dim[3] * wide);
        case id_of<kernels::swiglu_forward>:
            return moves(3 * n * b);
        case id_of<kernels::swiglu_backward>:
            return moves(5 * n * b);
        case id_of<kernels::gelu_forward>:
            return moves(2 * n * b);
        case id_of<kernels::gelu_backward>:
            return moves(3 * n * b);
        case id_of<kernels::bias_forward>:
            return moves(2 * cells * b + columns * b);
        case id_of<kernels::bias_backward>:
            return moves(cells * b + columns * wide);
        case id_of<kernels::add>:
            return moves(3 * n * b);
        case id_of<kernels::copy>:
            return moves(2 * n * b);
        case id_of<kernels::cast_to_bf16>:
        case id_of<kernels::cast_to_f32>:
            return moves(6 * n);
        case id_of<kernels::cross_entropy_max>:
            return moves(cells * b + n * wide);
        case id_of<kernels::cross_entropy_sum>:
            return moves(cells * b + n * (4 + 3 * wide));
        case id_of<kernels::cross_entropy_loss>:
            return moves(3 * n * wide);
        case id_of<kernels::cross_entropy_backward>:
            return moves(2 * cells * b + n * (4 + 3 * wide));
        case id_of<kernels::square_sum>:
            return moves(s.dim[1] * b);
        case id_of<kernels::clip>:
            return moves((n + 4) * 8);
        case id_of<kernels::adamw>:
            return moves(7 * n * b);
        case id_of<kernels::slice>:
            return moves(2 * cells * b);
        case id_of<kernels::zero_pad>:
            return moves(cells * (1 + s.dim[2]) * b);
        case id_of<kernels::resize>:
            return moves(n * (s.dim[1] + s.dim[2]) * b);
        case id_of<kernels::mask>:
            return moves(2 * n * b);
        default:
            return {};
    }
}

namespace detail {

/// ns, more than two years: what takes longer, or cannot be done, is as dear. Chains whose sums reach twice that are refused.
inline constexpr long longest_time = 1L << 56;

/// Work at so many a second, of which it reaches `per_mille`, as ns. Nothing but products and quotients: no compiler can
/// contract them, so all make the same bits of them.
constexpr long time_at(double work, long rate, int per_mille) {
    if (rate <= 0 || per_mille <= 0) return work > 0 ? longest_time : 0;
    double const ns = work * 1e12 / (static_cast<double>(rate) * static_cast<double>(per_mille));
    return ns < static_cast<double>(longest_time) ? static_cast<long>(ns) : longest_time;
}
/// Longer by (s + half) / s.
constexpr double short_rows(double flops, long s, int half) {
    return flops * static_cast<double>(s + half) / static_cast<double>(s);
}

}  // namespace detail

/// ns of a kernel step: the larger of what its flops and its bytes take, and a launch. A kernel of the user's own has no
/// known work: a launch. float64 runs at half the rate of float32 (it is there for gradient checks).
constexpr long kernel_time(hardware const& on, step const& s) {
    kernel_work const w = work_of(s);
    attention_rate const& attention = on.measured->attention;
    long const f32 = on.f32_flops > 0 ? on.f32_flops : on.bf16_flops;
    long const peak = s.type == dtype::bf16 ? on.bf16_flops : s.type == dtype::f64 ? f32 - f32 / 2 : f32;
    long busy = 0;
    if (w.is == work_kind::product)
        busy = detail::time_at(w.flops, peak, on.matmul_efficiency);
    else if (w.is == work_kind::attention_forward)
        busy = detail::time_at(detail::short_rows(w.flops, s.dim[1], attention.forward_half), peak, attention.forward);
    else if (w.is == work_kind::attention_backward)
        busy =
            detail::time_at(detail::short_rows(w.flops, s.dim[1], attention.backward_half), peak, attention.backward);
    int share = on.memory_efficiency;
    for (kernel_share const& k : on.measured->kernels) {
        if (k.kernel == 0) break;
        if (k.kernel == s.kernel) share = k.per_mille;
    }
    bool const one_by_one = w.is == work_kind::product && on.measured->product_memory > 0;
    if (one_by_one) share = on.measured->product_memory;
    long const moved = detail::time_at(static_cast<double>(w.bytes), on.memory_bandwidth, share);
    if (one_by_one) return busy + moved + on.launch;
    return (busy > moved ? busy : moved) + on.launch;
}

}  // namespace shardtype
