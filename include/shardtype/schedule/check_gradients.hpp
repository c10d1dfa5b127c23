#pragma once

#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

/// What types cannot see: a gradient is the sum of one contribution from each use of its value.
struct gradient_uses {
    short of[graph::max_values]{};  ///< how often each value is used by what has a backward

    /// Counts them.
    constexpr explicit gradient_uses(lowerer const& l) {
        for (short i = 0; i < l.g.node_count; ++i) {
            node const& n = l.g.nodes[i];
            int const operands = n.operation == id_of<graph_operation::loop_end> ? 1 : max_operands;  // others: names
            for (int k = 0; k < operands; ++k)
                if (n.in[k] >= 0 && l.wants_gradient(n.in[k])) ++of[n.in[k]];
        }
    }
    /// Before the backward of what made v: the gradient of v is complete. [ST-S617]
    constexpr void check(lowerer& l, short v) const {
        if (l.wants_gradient(v) && of[v] != l.contributions[v]) l.b.fail(code::gradient_contributions);
    }
};

}  // namespace shardtype
