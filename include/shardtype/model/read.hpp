#pragma once

#include <shardtype/model/graph.hpp>
#include <shardtype/model/nearest_layer.hpp>

namespace shardtype {

/// The tokens of one step: [global, sequence], over all ranks.
struct batch_shape {
    long global = 8;        ///< rows over all ranks
    long sequence = 256;    ///< tokens of a row
    int micro_batches = 1;  ///< parts that the rows are done in, one after the other; gradients are summed [ST-S619]
};

namespace detail {

/// What only the whole model shows: it ends in its loss, nothing is left over, every axis has its role.
constexpr void check_end(graph& g) {
    node const& last = g.nodes[g.node_count - 1];
    if (g.node_count == 0 || last.operation != id_of<rules::cross_entropy> || last.out != g.loss) {
        g.fail(code::no_loss_at_the_end);
        return;
    }
    for (int a = 0; a < g.policy.axes; ++a)
        if (g.at(g.loss).on[a].is == kind::replicate) g.fail(code::loss_placement, a);
    for (short i = 0; i + 1 < g.node_count; ++i)
        if (!g.values[g.nodes[i].out].used) g.fail(code::used_by_nothing);
    for (int e = 0; e < g.strategy.exceptions; ++e)
        if (((g.named >> e) & 1U) == 0 && g.ok()) {
            g.instead.name = nearest_layer(g, g.strategy.except[e].layers);
            g.fail_unknown(e);
        }
}

/// Micro-batches have as many rows, and so do the ranks of each. (One batch is checked as every tensor is, [ST-S608].)
constexpr void check_batch(graph& g, batch_shape const& batch) {
    placement_policy const& p = g.policy;
    if (batch.micro_batches < 1 || batch.global % batch.micro_batches != 0) g.fail(code::micro_batch_rows, -1);
    if (!g.ok() || batch.micro_batches == 1) return;
    long rows = batch.global / batch.micro_batches;
    for (int a = 0; a < p.axes; ++a) {
        if (!p.splits_batch(a)) continue;
        if (rows % p.axis_size[a] != 0) g.fail(code::micro_batch_rows, a);
        rows /= p.axis_size[a];
    }
}

}  // namespace detail

/// Reads a model under a strategy: every operation is checked, every layout known. @return the graph; its first error
/// is in `says`
template <class Model>
constexpr graph read_model(model_strategy const& how, batch_shape batch, dtype element, dtype compute) {
    graph g;
    g.strategy = how;
    g.policy = how.whole;
    g.element = element;
    g.compute = compute;
    g.micro_batches = batch.micro_batches;
    placement_policy const& p = how.whole;
    if (how.exceptions > model_strategy::max_exceptions) g.fail(code::capacity);
    if (!p.complete()) g.fail(code::roles_of_axes, p.without_role());
    bool const wide = element == dtype::f32 || element == dtype::f64;
    if (!wide || (compute != element && !(compute == dtype::bf16 && element == dtype::f32)))
        g.fail(code::element_of_job);
    g.scope.append("batch");
    detail::check_batch(g, batch);
    if (!g.ok()) return g;
    long const extent[] = {batch.global / batch.micro_batches, batch.sequence};
    layout const tokens = p.input(dtype::i32, 2, extent);
    g.fails(tokens);
    g.scope.truncate(0);
    g.tokens = g.value(tokens, false);
    g.targets = g.value(tokens, false);
    g.loss = Model::read(g, g.tokens);
    if (g.ok()) detail::check_end(g);
    return g;
}
/// The same in one element type.
template <class Model>
constexpr graph read_model(model_strategy const& how, batch_shape batch, dtype element) {
    return read_model<Model>(how, batch, element, element);
}

}  // namespace shardtype
