#pragma once

#include <shardtype/model/dense_layers.hpp>

namespace shardtype {

/// The sizes of a GPT-2; the smallest published one by default, its vocabulary of 50257 rounded up to a multiple of 128
/// so that tensor ranks can split it.
struct gpt2_config {
    long dim = 768;           ///< columns of the residual stream
    int layers = 12;          ///< blocks
    long heads = 12;          ///< of attention
    long vocabulary = 50304;  ///< token ids are below it
    long sequence = 1024;     ///< positions; the batch's rows have as many tokens
};

/// GPT-2 as published, of 124 million parameters.
inline constexpr gpt2_config gpt2_small{};
/// GPT-2 XL as published, of 1.5 billion parameters.
inline constexpr gpt2_config gpt2_xl{1600, 48, 25, 50304, 1024};

/// One block of it: attention and feed-forward, each after a norm and added to its input. Parameters carry the
/// published names (`h.0.ln_1.bias`), but for c_attn's three parts.
template <gpt2_config C>
using gpt2_block = chain<residual<named<"ln_1", layer_norm>, named<"attn", biased_attention<C.heads, C.layers>>>,
                         residual<named<"ln_2", layer_norm>, named<"mlp", gelu_mlp<4 * C.dim, C.layers>>>>;

/// GPT-2 from token ids to the loss. `in_layers` knows `wte`, `wpe`, `h.*.ln_1`, `h.*.attn`, `h.*.ln_2`, `h.*.mlp`, `ln_f`
/// and `lm_head`.
/// @pre `batch_shape::sequence` is C.sequence: rows begin at position 0 and use every position [ST-S622]
template <gpt2_config C>
using gpt2 = chain<named<"wte", small_embedding<C.vocabulary, C.dim>>, named<"wpe", position_embedding<C.sequence>>,
                   named<"h", repeat<C.layers, gpt2_block<C>>>, named<"ln_f", layer_norm>,
                   named<"lm_head", tied_linear<"wte">>, cross_entropy>;

}  // namespace shardtype
