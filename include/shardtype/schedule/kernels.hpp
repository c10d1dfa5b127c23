#pragma once

#include <shardtype/base/fixed_string.hpp>

/// What steps may call: a name, and which arguments are read and written (bit masks). A back end implements each of
/// them (ops/); one without an implementation there is a compile error where schedule and back end meet.
namespace shardtype::kernels {

struct linear_forward {  // x[m, k] w[n, k] -> y[m, n]; dim m n k
    static constexpr char const* name = "linear_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct linear_input_gradient {  // dy[m, n] w[n, k] -> dx[m, k]
    static constexpr char const* name = "linear_input_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct linear_weight_gradient {  // x[m, k] dy[m, n] -> dw[n, k]
    static constexpr char const* name = "linear_weight_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct matmul_forward {  // x[m, k] w[k, n] -> y[m, n]; dim m n k
    static constexpr char const* name = "matmul_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct matmul_left_gradient {  // dy[m, n] w[k, n] -> dx[m, k]
    static constexpr char const* name = "matmul_left_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct matmul_right_gradient {  // x[m, k] dy[m, n] -> dw[k, n]
    static constexpr char const* name = "matmul_right_gradient";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct embedding_forward {  // tokens w -> y; dim tokens, columns, local rows; part of the rows
    static constexpr char const* name = "embedding_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct embedding_backward {  // tokens dy -> dw
    static constexpr char const* name = "embedding_backward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct rms_norm_forward {  // x w -> y rstd; dim rows columns; real epsilon
    static constexpr char const* name = "rms_norm_forward";
    static constexpr unsigned reads = 0b0011, writes = 0b1100;
};
struct rms_norm_backward {  // dy x w rstd -> dx dw
    static constexpr char const* name = "rms_norm_backward";
    static constexpr unsigned reads = 0b001111, writes = 0b110000;
};
struct rotary_table {  // -> table [2][seq, head_dim / 2]; dim seq, head_dim, theta
    static constexpr char const* name = "rotary_table";
    static constexpr unsigned reads = 0, writes = 0b1;
};
struct rotary_forward {  // x table -> y; dim batch seq heads head_dim
    static constexpr char const* name = "rotary_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct rotary_backward {  // dy table -> dx
    static constexpr char const* name = "rotary_backward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct attention_forward {  // q k v -> out lse; dim batch seq heads kv_heads head_dim
    static constexpr char const* name = "attention_forward";
    static constexpr unsigned reads = 0b00111, writes = 0b11000;
};
struct attention_backward {  // q k v out lse dout -> dq dk dv
    static constexpr char const* name = "attention_backward";
    static constexpr unsigned reads = 0b000111111, writes = 0b111000000;
};
struct swiglu_forward {  // gate up -> y; dim count
    static constexpr char const* name = "swiglu_forward";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct swiglu_backward {  // dy gate up -> dgate dup
    static constexpr char const* name = "swiglu_backward";
    static constexpr unsigned reads = 0b00111, writes = 0b11000;
};
struct add {  // a b -> y; dim count
    static constexpr char const* name = "add";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct copy {  // x -> y; dim count
    static constexpr char const* name = "copy";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct cross_entropy_max {  // logits -> max; dim rows, local columns
    static constexpr char const* name = "cross_entropy_max";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct cross_entropy_sum {  // logits targets max -> stats [2][rows]; part of the columns
    static constexpr char const* name = "cross_entropy_sum";
    static constexpr unsigned reads = 0b0111, writes = 0b1000;
};
struct cross_entropy_loss {  // max stats -> loss; real scale
    static constexpr char const* name = "cross_entropy_loss";
    static constexpr unsigned reads = 0b011, writes = 0b100;
};
struct cross_entropy_backward {  // logits targets max stats -> dlogits; real scale
    static constexpr char const* name = "cross_entropy_backward";
    static constexpr unsigned reads = 0b01111, writes = 0b10000;
};
struct square_sum {  // gradients -> sum (f64); dim first byte, count; the whole group's gradients lie together
    static constexpr char const* name = "square_sum";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct clip {  // sums (f64) -> report [loss, norm, scale] (f64); dim groups
    static constexpr char const* name = "clip";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct adamw {  // w g m v report -> w m v; dim count
    static constexpr char const* name = "adamw";
    static constexpr unsigned reads = 0b11111, writes = 0b01101;
};

// Local parts of redistributions: dim outer, block; the axis' coordinate chooses the part.
struct slice {
    static constexpr char const* name = "slice";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct zero_pad {
    static constexpr char const* name = "zero_pad";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct mask {  // dim count: kept on coordinate 0, zero elsewhere
    static constexpr char const* name = "mask";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};

// Collectives: source -> target.
struct all_reduce {  // dim count
    static constexpr char const* name = "all_reduce";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct all_reduce_max {
    static constexpr char const* name = "all_reduce_max";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct all_gather {  // dim outer, block
    static constexpr char const* name = "all_gather";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct reduce_scatter {  // dim outer, block
    static constexpr char const* name = "reduce_scatter";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};
struct all_to_all {  // dim outer, split, middle, block, trailing to leading
    static constexpr char const* name = "all_to_all";
    static constexpr unsigned reads = 0b01, writes = 0b10;
};

}  // namespace shardtype::kernels
