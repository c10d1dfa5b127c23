#pragma once

#include <shardtype/model/graph.hpp>

namespace shardtype {

/// The tokens of one step: [global, sequence], over all ranks.
struct batch_shape {
    long global = 8;
    long sequence = 256;
};

/// Reads a model under a strategy: every operation is checked, every layout known.
template <class Model>
constexpr graph read_model(placement_policy const& p, batch_shape batch, dtype compute) {
    graph g;
    g.policy = p;
    g.compute = compute;
    long const extent[] = {batch.global, batch.sequence};
    layout const tokens = p.input(dtype::i32, 2, extent);
    auto const fault = fault_of(tokens);
    if (fault.what != code::ok) g.fail(fault.what, fault.axis);
    g.tokens = g.value(tokens, false);
    g.targets = g.value(tokens, false);
    g.loss = Model::read(g, g.tokens);
    if (g.ok())
        for (int a = 0; a < p.axes; ++a)
            if (g.at(g.loss).on[a].is == kind::replicate) g.fail(code::loss_placement, a);
    return g;
}

}  // namespace shardtype
