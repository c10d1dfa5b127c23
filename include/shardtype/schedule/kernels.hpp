#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/schedule/step.hpp>

/// What steps may call: a name, and which arguments are read and written (bit masks). A back end implements each of
/// them (ops/); one without an implementation there is a compile error where schedule and back end meet.
namespace shardtype::kernels {

/// `x[m, k] w[n, k] -> y[m, n]`; dim m n k
struct linear_forward {
    static constexpr char const* name = "linear_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `dy[m, n] w[n, k] -> dx[m, k]`
struct linear_input_gradient {
    static constexpr char const* name = "linear_input_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x[m, k] dy[m, n] -> dw[n, k]`
struct linear_weight_gradient {
    static constexpr char const* name = "linear_weight_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x[m, k] w[k, n] -> y[m, n]`; dim m n k
struct matmul_forward {
    static constexpr char const* name = "matmul_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `dy[m, n] w[k, n] -> dx[m, k]`
struct matmul_left_gradient {
    static constexpr char const* name = "matmul_left_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x[m, k] dy[m, n] -> dw[k, n]`
struct matmul_right_gradient {
    static constexpr char const* name = "matmul_right_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `tokens w -> y`; dim tokens, columns, local rows; part of the rows
struct embedding_forward {
    static constexpr char const* name = "embedding_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `tokens dy -> dw`
struct embedding_backward {
    static constexpr char const* name = "embedding_backward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x w -> y rstd`; dim rows columns; real epsilon
struct rms_norm_forward {
    static constexpr char const* name = "rms_norm_forward";
    static constexpr unsigned reads = 0b0011, writes = 0b1100;
};
/// `dy x w rstd -> dx dw`
struct rms_norm_backward {
    static constexpr char const* name = "rms_norm_backward";
    static constexpr unsigned reads = 0b001111, writes = 0b110000;
};
/// `x w b -> y statistics [2][rows]` (mean, then 1 / deviation); dim rows columns; real epsilon
struct layer_norm_forward {
    static constexpr char const* name = "layer_norm_forward";
    static constexpr unsigned reads = 0b00111, writes = 0b11000;
};
/// `dy x w statistics -> dx dw db`
struct layer_norm_backward {
    static constexpr char const* name = "layer_norm_backward";
    static constexpr unsigned reads = 0b0001111, writes = 0b1110000;
};
/// `-> table [2][seq, head_dim / 2]`; dim seq, head_dim, theta
struct rotary_table {
    static constexpr char const* name = "rotary_table";
    static constexpr unsigned reads = 0, writes = 0b1;
};
/// `x table -> y`; dim batch seq heads head_dim
struct rotary_forward {
    static constexpr char const* name = "rotary_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `dy table -> dx`
struct rotary_backward {
    static constexpr char const* name = "rotary_backward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `q k v -> out lse`; dim batch seq heads kv_heads head_dim
struct attention_forward {
    static constexpr char const* name = "attention_forward";
    static constexpr unsigned reads = 0b00111, writes = 0b11000;
};
/// `q k v out lse dout -> dq dk dv`
struct attention_backward {
    static constexpr char const* name = "attention_backward";
    static constexpr unsigned reads = 0b000111111, writes = 0b111000000;
};
/// `gate up -> y`; dim count
struct swiglu_forward {
    static constexpr char const* name = "swiglu_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `dy gate up -> dgate dup`
struct swiglu_backward {
    static constexpr char const* name = "swiglu_backward";
    static constexpr unsigned reads = 0b00111, writes = 0b11000;
};
/// `x -> y`; dim count
struct gelu_forward {
    static constexpr char const* name = "gelu_forward";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `dy x -> dx`
struct gelu_backward {
    static constexpr char const* name = "gelu_backward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x b -> y`: b added to every row; dim rows columns
struct bias_forward {
    static constexpr char const* name = "bias_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `dy -> db`: the sum of the rows
struct bias_backward {
    static constexpr char const* name = "bias_backward";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `a b -> y`; dim count
struct add {
    static constexpr char const* name = "add";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `x -> y`; dim count
struct copy {
    static constexpr char const* name = "copy";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `x (f32) -> y (bf16)`, rounded to nearest even; dim count
struct cast_to_bf16 {
    static constexpr char const* name = "cast_to_bf16";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `x (bf16) -> y (f32)`, or added to y; dim count
struct cast_to_f32 {
    static constexpr char const* name = "cast_to_f32";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `logits -> max`; dim rows, local columns
struct cross_entropy_max {
    static constexpr char const* name = "cross_entropy_max";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `logits targets max -> stats [2][rows]`; part of the columns
struct cross_entropy_sum {
    static constexpr char const* name = "cross_entropy_sum";
    static constexpr unsigned reads = 0b0111, writes = 0b1000;
};
/// `max stats -> loss`; real scale
struct cross_entropy_loss {
    static constexpr char const* name = "cross_entropy_loss";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
/// `logits targets max stats -> dlogits`; real scale
struct cross_entropy_backward {
    static constexpr char const* name = "cross_entropy_backward";
    static constexpr unsigned reads = 0b01111, writes = 0b10000;
};
/// `gradients -> sum (f64)`; dim first byte, count; the whole group's gradients lie together
struct square_sum {
    static constexpr char const* name = "square_sum";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `sums (f64) -> report [loss, norm, scale] (f64)`; dim groups
struct clip {
    static constexpr char const* name = "clip";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `w g m v report -> w m v`; dim count
struct adamw {
    static constexpr char const* name = "adamw";
    static constexpr unsigned reads = 0b11111, writes = 0b01101;
};

// Local parts of redistributions: the axis' coordinate chooses the part.
/// `x -> y`; dim outer, block: this rank's part of x.
struct slice {
    static constexpr char const* name = "slice";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `x -> y`; dim outer, block: x as this rank's part, zero elsewhere.
struct zero_pad {
    static constexpr char const* name = "zero_pad";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// `x -> y`; dim outer, from, to: rows of `from` elements as rows of `to`, cut or with zeros behind them.
struct resize {
    static constexpr char const* name = "resize";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// dim count: kept on coordinate 0, zero elsewhere
struct mask {
    static constexpr char const* name = "mask";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};

/// Collectives: source -> target, and if the back end wants it a room, its bytes in the last of the dims. Start writes
/// there and wait reads; those that pack their source for the others there keep it until their finish.
inline constexpr int room_dim = max_dims - 1;
/// dim count
struct all_reduce {
    static constexpr char const* name = "all_reduce";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// The largest of the ranks' values instead of their sum; dim count.
struct all_reduce_max {
    static constexpr char const* name = "all_reduce_max";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// dim outer, block
struct all_gather {
    static constexpr char const* name = "all_gather";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// dim outer, block
struct reduce_scatter {
    static constexpr char const* name = "reduce_scatter";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
/// dim outer, split, middle, block, trailing to leading
struct all_to_all {
    static constexpr char const* name = "all_to_all";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};

/// Whether a collective may pack its source into its room.
/// @{
template <class Kernel>
inline constexpr bool packs_into_room = false;
template <>
inline constexpr bool packs_into_room<reduce_scatter> = true;
template <>
inline constexpr bool packs_into_room<all_to_all> = true;
/// @}

}  // namespace shardtype::kernels
