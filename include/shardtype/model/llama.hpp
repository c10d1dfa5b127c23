#pragma once

#include <shardtype/model/layers.hpp>

namespace shardtype {

/// The sizes of a Llama 3; torchtitan's debug model by default.
struct llama_config {
    long dim = 256;            ///< columns of the residual stream
    int layers = 6;            ///< blocks
    long heads = 16;           ///< of queries
    long kv_heads = 16;        ///< of keys and values
    long ffn_dim = 768;        ///< hidden columns of the feed-forward
    long vocabulary = 2000;    ///< token ids are below it
    long rope_theta = 500000;  ///< base of the rotary angles
};

/// torchtitan's debug model: 6,139,136 parameters.
inline constexpr llama_config llama3_debug{};
/// Llama 3 8B as published.
inline constexpr llama_config llama3_8b{4096, 32, 32, 8, 14336, 128256, 500000};
/// Llama 3 70B as published.
inline constexpr llama_config llama3_70b{8192, 80, 64, 8, 28672, 128256, 500000};
/// Llama 3.1 405B as published.
inline constexpr llama_config llama3_405b{16384, 126, 128, 8, 53248, 128256, 500000};

/// One block of it: attention and feed-forward, each after a norm and added to its input. Parameters carry torchtitan's
/// names (`layers.0.attention.wq.weight`).
template <llama_config C>
using llama_block =
    chain<residual<named<"attention_norm", rms_norm>, named<"attention", attention<C.heads, C.kv_heads, C.rope_theta>>>,
          residual<named<"ffn_norm", rms_norm>, named<"feed_forward", swiglu<C.ffn_dim>>>>;

/// Llama 3 from token ids to the loss. For its first values see `initialiser`.
template <llama_config C>
using llama =
    chain<named<"tok_embeddings", embedding<C.vocabulary, C.dim>>, named<"layers", repeat<C.layers, llama_block<C>>>,
          named<"norm", rms_norm>, named<"output", linear<C.vocabulary>>, cross_entropy>;

}  // namespace shardtype
