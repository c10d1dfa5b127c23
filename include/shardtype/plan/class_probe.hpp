#pragma once

#include <shardtype/plan/unit_prober.hpp>
#include <shardtype/plan/unit_reader.hpp>

namespace shardtype::detail {

constexpr graph empty_graph(placement_policy const& p, batch_shape const& batch, dtype element, dtype compute) {
    graph g;
    g.strategy = p;
    g.policy = p;
    g.element = element;
    g.compute = compute;
    g.micro_batches = batch.micro_batches;
    long const extent[] = {batch.global / batch.micro_batches, batch.sequence};
    layout const tokens = p.input(dtype::i32, 2, extent);
    g.fails(tokens);
    g.tokens = g.value(tokens, false);
    g.targets = g.value(tokens, false);
    return g;
}

/// The units that use a parameter of another one, and those.
constexpr unsigned tied_units(graph const& g, unit_reader const& read) {
    unsigned mask = 0;
    for (int u = 0; u < read.count; ++u)
        for (short i = read.first_node[u]; i < read.end_node[u]; ++i) {
            node const& n = g.nodes[i];
            if (n.operation != id_of<graph_operation::materialize>) continue;
            short const k = g.values[n.out].parameter;
            for (int w = 0; w < read.count; ++w)
                if (w != u && read.core.unit[w].first_parameter <= k && k < read.core.unit[w].end_parameter)
                    mask |= 1U << u | 1U << w;
        }
    return mask;
}

/// Whether a unit is where a block begins or ends; those that stand alone do both.
constexpr bool begins_block(class_core const& core, int u) {
    return !core.unit[u].in_block || u == 0 || !core.unit[u - 1].in_block;
}
constexpr bool ends_block(class_core const& core, int u) {
    return !core.unit[u].in_block || u + 1 == unit_list::max_units || !core.unit[u + 1].in_block;
}

/// The units of a model under one way to split activations, and the parameters that they have.
template <class Model, class Operations>
constexpr class_core probe_class(placement_policy const& p, cluster const& on, layout const& whole,
                                 batch_shape const& batch, dtype element, dtype compute, scratch_bound scratch,
                                 room_bound room) {
    class_core core;
    graph g = empty_graph(p, batch, element, compute);
    unit_reader read(g, core, p.stream(p.whole(whole.type, whole.rank, whole.extent)));
    core.stream = read.stream;
    if (!g.ok() || fault_of(core.stream).what != code::ok) {
        for (unit_core& u : core.unit) u.why = code::layer_not_divisible;
        return core;
    }
    visit_layer<Model>(read);
    core.complete = g.parameter_count <= class_core::max_parameters;
    for (short k = 0; k < g.parameter_count && core.complete; ++k)
        core.parameter[k] = {g.parameters[k].stored, g.parameters[k].used, 0, -1};
    for (short i = 0; i < g.node_count && core.complete; ++i)
        if (g.nodes[i].operation == id_of<graph_operation::materialize>)
            ++core.parameter[g.values[g.nodes[i].out].parameter].uses;
    for (short k = 0; k < g.parameter_count && core.complete; ++k)
        for (short q = 0; q < k && core.parameter[k].as < 0; ++q) {
            unit_parameter const &a = core.parameter[q], &b = core.parameter[k];
            if (a.as < 0 && a.uses == b.uses && a.stored == b.stored && a.used == b.used) core.parameter[k].as = q;
        }
    core.tied = tied_units(g, read);
    schedule_builder b;
    lowerer l(g, b, scratch, room);
    b.micro_batches = g.micro_batches > 1;
    lower_state(g, b);
    short const inputs[] = {g.tokens, g.targets};
    for (short v : inputs) {
        l.where[v] = {b.add_buffer(l.lay(v).local_bytes(), buffer_class::input), 0};
        core.constants += align_up(l.lay(v).local_bytes());
    }
    b.open(1, false, segment_kind::set_up);
    for (short i = 0; i < g.node_count; ++i)
        if (at_set_up(g.nodes[i])) {
            lower_node(Operations{}, l, g.nodes[i], false);
            core.constants += align_up(g.at(g.nodes[i].out).local_bytes());
        }
    for (int u = 0; u < read.count; ++u)
        if (core.unit[u].legal)
            unit_prober<Operations>(g, b, l, on)
                .probe(core.unit[u], read.first_node[u], read.end_node[u], read.in[u], read.last[u],
                       begins_block(core, u), ends_block(core, u));
    return core;
}

}  // namespace shardtype::detail
