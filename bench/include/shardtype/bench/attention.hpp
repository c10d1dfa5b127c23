#pragma once

#include <shardtype/bench/operation.hpp>

namespace shardtype::bench {

/// Causal attention of every rank's heads: q [batch, seq, heads, head_dim], k and v [batch, seq, kv_heads, head_dim].
/// Limit: the FMA peak, against the flops of the causal half (backward counts 5 products, forward 2).
/// @pre the rule takes the operands [ST-R3xx]
template <class Q, class K, class V = K>
void attention(benchmark::State& state) {
    forward<rules::attention, Q, K, V>(state);
}
template <class Q, class K, class V = K>
void attention_backward(benchmark::State& state) {
    backward<rules::attention, Q, K, V>(state);
}

}  // namespace shardtype::bench
