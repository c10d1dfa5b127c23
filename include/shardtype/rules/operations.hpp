#pragma once

#include <shardtype/rules/rule.hpp>

/// The operations that a Llama and a GPT-2 need. A new one is one struct with a `value` here (or in a user's own
/// namespace).
/// Factor letters: b batch, s sequence, t key sequence, h hidden, k contracted, n columns, v vocabulary,
/// a heads, d head dimension, e that of the values, f feed-forward.
namespace shardtype::rules {

/// y[m, n] = x[m, k] w[k, n]
struct matmul {
    static constexpr char const* name = "matmul";
    static constexpr rule value{
        .operands = 2, .in = {"mk", "kn"}, .out = "mn", .linear = 0b11, .weight = 0b10, .flops = 2};
};
/// y[b, s, n] = x[b, s, k] w[n, k]^T: a layer's weight, stored as PyTorch stores it
struct linear {
    static constexpr char const* name = "linear";
    static constexpr rule value{
        .operands = 2, .in = {"bsk", "nk"}, .out = "bsn", .linear = 0b11, .weight = 0b10, .flops = 2};
};
/// y[b, s, h] = w[token[b, s], h]; rows of a sharded vocabulary that are elsewhere count as zero
struct embedding {
    static constexpr char const* name = "embedding";
    static constexpr rule value{
        .operands = 2, .in = {"bs", "vh"}, .out = "bsh", .linear = 0b10, .constant = 0b01, .ids = 0b01, .weight = 0b10};
};
/// y = x / sqrt(mean(x^2) + eps) * w
struct rms_norm {
    static constexpr char const* name = "rms_norm";
    static constexpr rule value{
        .operands = 2, .in = {"bsh", "h"}, .out = "bsh", .linear = 0b10, .whole = "h", .weight = 0b10};
};
/// y = (x - mean(x)) / sqrt(variance(x) + eps) * w + b. Linear in w and b together, in neither alone.
struct layer_norm {
    static constexpr char const* name = "layer_norm";
    static constexpr rule value{
        .operands = 3, .in = {"bsh", "h", "h"}, .out = "bsh", .sum = 0b110, .whole = "h", .weight = 0b110};
};
/// pairs (even, odd) of the head dimension turned by a table of angles[s, d]. The kernel indexes one whole table by
/// position.
struct rotary {
    static constexpr char const* name = "rotary";
    static constexpr rule value{.operands = 2,
                                .in = {"bsad", "sd"},
                                .out = "bsad",
                                .linear = 0b01,
                                .constant = 0b10,
                                .kernel_whole = "sd",
                                .paired = 'd',
                                .wide = 0b10};
};
/// causal softmax(q k^T / sqrt(d)) v; query heads share kv heads. Half of the s x t points are masked away;
/// backward makes the scores again: five products over forward's two. The kernel takes q, k and v of one width, so the
/// columns e of v stay whole with d.
struct attention {
    static constexpr char const* name = "attention";
    static constexpr rule value{.operands = 3,
                                .in = {"bsad", "btad", "btae"},
                                .out = "bsae",
                                .linear = 0b100,
                                .whole = "std",
                                .kernel_whole = "e",
                                .equal = "stde",
                                .grouped = 'a',
                                .flops = 2,
                                .backward = 2.5};
};
/// y = silu(gate) * up
struct swiglu {
    static constexpr char const* name = "swiglu";
    static constexpr rule value{.operands = 2, .in = {"bsf", "bsf"}, .out = "bsf", .linear = 0b10};
};
/// y = x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
struct gelu {
    static constexpr char const* name = "gelu";
    static constexpr rule value{.operands = 1, .in = {"bsf"}, .out = "bsf"};
};
/// y[b, s, n] = x[b, s, n] + w[n]. A bias that every rank has whole is not added to a partial sum: it would count once
/// per rank.
struct bias {
    static constexpr char const* name = "bias";
    static constexpr rule value{.operands = 2, .in = {"bsn", "n"}, .out = "bsn", .sum = 0b11, .weight = 0b10};
};
/// y[b, s, h] = x[b, s, h] + w[s, h]: learned positions
struct positions {
    static constexpr char const* name = "positions";
    static constexpr rule value{.operands = 2, .in = {"bsh", "sh"}, .out = "bsh", .sum = 0b11, .weight = 0b10};
};
/// y = a + b, of partial operands too: summands may be added before they are summed over the ranks
struct add {
    static constexpr char const* name = "add";
    static constexpr rule value{.operands = 2, .in = {"bsh", "bsh"}, .out = "bsh", .sum = 0b11};
};
/// sum over tokens of (logsumexp(logits) - logit of the target) / global tokens; a sharded vocabulary is reduced inside
struct cross_entropy {
    static constexpr char const* name = "cross_entropy";
    static constexpr rule value{
        .operands = 2, .in = {"bsv", "bs"}, .out = "", .constant = 0b10, .ids = 0b10, .fused = 'v'};
};

}  // namespace shardtype::rules
