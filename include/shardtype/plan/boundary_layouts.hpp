#pragma once

#include <shardtype/plan/class_options.hpp>
#include <shardtype/plan/planned_case.hpp>
#include <shardtype/search/chain_problem.hpp>

namespace shardtype::detail {

constexpr long kib(long bytes) { return (bytes + 1023) / 1024; }

/// The redistributions of the residual stream from one class to the others, forward and back: ns of a step, KiB.
template <int Classes>
struct class_edges {
    chain_edge to[Classes]{};  ///< by class
};

template <int Classes>
constexpr class_edges<Classes> edges_from(planned_case const& of, int from, int const (&number)[Classes],
                                          bool const (&wanted)[Classes]) {
    class_edges<Classes> out;
    placement_policy const p = class_policy(of.on, number[from]);
    layout const here = p.stream(of.whole);
    if (!wanted[from]) return out;
    graph g;
    schedule_builder b;
    for (int to = 0; to < Classes; ++to) {
        if (to == from) continue;
        out.to[to].time = unreachable;
        if (!wanted[from] || !wanted[to]) continue;
        g.policy = p, g.element = of.element, g.compute = of.compute;
        g.node_count = g.value_count = 0;
        g.says = {};
        b.forget();
        b.open(1, false, segment_kind::forward);
        short const x = g.value(here, true), y = g.redistribute(x, class_policy(of.on, number[to]).stream(of.whole));
        if (!g.ok()) continue;
        lowerer l(g, b, &no_scratch, nullptr);
        l.where[x] = l.fresh(g.at(x).local_bytes());
        for (short i = 0; i < g.node_count; ++i) lowering<graph_operation::redistribute>::forward(l, g.nodes[i]);
        long window = 0, back = 0;
        for (short k = 0; k < b.buffer_count; ++k) window += b.buffers[k].bytes;
        short const middle = b.buffer_count;
        l.hold(y, l.fresh_gradient(y));
        for (short i = g.node_count; i-- > 0;) lowering<graph_operation::redistribute>::backward(l, g.nodes[i]);
        for (short k = middle; k < b.buffer_count; ++k) back += b.buffers[k].bytes;
        time_of_steps t;
        for (short i = 0; i < b.step_count; ++i) t.add(of.on, b.steps[i]);
        if (!b.says.legal())
            b.says = {};
        else
            out.to[to] = {so_often(of.batch.micro_batches, t.kernels + t.moves), kib(window > back ? window : back)};
    }
    return out;
}

/// The layouts of the residual stream between layers, and what lies between two of them.
template <int Layouts>
struct boundary_layouts {
    int count = 0;              ///< in use
    short class_of[Layouts]{};  ///< of each
    chain_edge redistribution[Layouts][Layouts]{};
    /// Whether a layer in b can stand in for one in a, [a][b]: KiB of window that the one in a must have, as its own ways
    /// have smaller ones; `unreachable` where a detour over a is a shortcut.
    long stand_in[Layouts][Layouts]{};

    constexpr long window_to_stand_in(int a, int b) const {
        chain_edge const &in = redistribution[a][b], &back = redistribution[b][a];
        long least = 0;
        if (in.time >= unreachable || back.time >= unreachable) return unreachable;
        for (int g = 0; g < count; ++g) {
            chain_edge const &to_a = redistribution[g][a], &to_b = redistribution[g][b];
            chain_edge const &from_a = redistribution[a][g], &from_b = redistribution[b][g];
            if (to_b.time > to_a.time + in.time || from_b.time > back.time + from_a.time) return unreachable;
            if (to_b.window > to_a.window && to_b.window > least) least = to_b.window;
            if (from_b.window > from_a.window && from_b.window > least) least = from_b.window;
        }
        return least;
    }
};
template <int Layouts, int Units, int Room, int Classes>
constexpr boundary_layouts<Layouts> boundaries(class_options<Units, Room> const (&all)[Classes],
                                               class_edges<Classes> const (&edges)[Classes]) {
    boundary_layouts<Layouts> out;
    for (short i = 0; i < Classes; ++i)
        if (all[i].exists && out.count < Layouts) out.class_of[out.count++] = i;
    for (int g = 0; g < out.count; ++g)
        for (int h = 0; h < out.count; ++h) out.redistribution[g][h] = edges[out.class_of[g]].to[out.class_of[h]];
    for (int a = 0; a < out.count; ++a)
        for (int b = 0; b < out.count; ++b) out.stand_in[a][b] = a == b ? 0 : out.window_to_stand_in(a, b);
    return out;
}

}  // namespace shardtype::detail
