#pragma once

#include <shardtype/model/layers.hpp>

namespace shardtype {

struct llama_config {
    long dim = 256;
    int layers = 6;
    long heads = 16;
    long kv_heads = 16;
    long ffn_dim = 768;
    long vocabulary = 2000;
    long rope_theta = 500000;
};

/// torchtitan's debug model: 6,139,136 parameters.
inline constexpr llama_config llama3_debug{};
inline constexpr llama_config llama3_8b{4096, 32, 32, 8, 14336, 128256, 500000};

/// Llama 3 as a chain; parameters carry torchtitan's names (`layers.0.attention.wq.weight`).
template <llama_config C>
using llama_block =
    chain<residual<named<"attention_norm", rms_norm>, named<"attention", attention<C.heads, C.kv_heads, C.rope_theta>>>,
          residual<named<"ffn_norm", rms_norm>, named<"feed_forward", swiglu<C.ffn_dim>>>>;

template <llama_config C>
using llama =
    chain<named<"tok_embeddings", embedding<C.vocabulary, C.dim>>, named<"layers", repeat<C.layers, llama_block<C>>>,
          named<"norm", rms_norm>, named<"output", linear<C.vocabulary>>, cross_entropy>;

}  // namespace shardtype
