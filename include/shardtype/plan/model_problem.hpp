#pragma once

#include <shardtype/plan/class_options.hpp>

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
        b.step_count = b.buffer_count = b.segment_count = b.at.slots = 0;
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
            out.to[to] = {of.batch.micro_batches * (t.kernels + t.moves), kib(window > back ? window : back)};
    }
    return out;
}

/// Which class and which option of it each branch of a block has; of a leaf the first entry.
struct branch_choices {
    static constexpr int max_branches = 6;  ///< room

    short of_class[max_branches]{};
    short option[max_branches]{};
};

/// A way to run the branches of a block.
struct block_option {
    unit_option sum{};
    branch_choices how{};

    constexpr void append(int at, int cls, int k, unit_option const& o) {
        how.of_class[at] = static_cast<short>(cls), how.option[at] = static_cast<short>(k);
        sum.cost.compute += o.cost.compute, sum.cost.communication += o.cost.communication;
        sum.cost.exposed += o.cost.exposed;
        sum.cost.state += o.cost.state, sum.cost.activations += o.cost.activations;
        sum.held += o.held, sum.ahead += o.ahead;
        sum.again += o.again, sum.again_last += o.again_last;
        if (o.cost.window > sum.cost.window) sum.cost.window = o.cost.window;
        if (o.window_again > sum.window_again) sum.window_again = o.window_again;
        if (o.late > sum.late) sum.late = o.late;
        if (at == 0) sum.input = o.input;
    }
};

/// A short list of which no entry beats another.
template <class Option, int Room>
struct pareto_list {
    Option one[Room]{};
    int count = 0;
    bool complete = true;

    template <class Beats>
    constexpr void add(Option const& o, Beats beats) {
        int kept = 0;
        for (int k = 0; k < count; ++k)
            if (beats(one[k], o)) return;
        for (int k = 0; k < count; ++k) {
            if (beats(o, one[k])) continue;
            if (kept != k) one[kept] = one[k];
            ++kept;
        }
        complete = complete && kept < Room;
        if (kept < Room) one[kept++] = o;
        count = kept;
    }
};

/// What an option of the chain stands for.
struct chosen_option {
    branch_choices how{};  ///< of its branches
    short in_class = 0;    ///< of the residual stream
    bool again = false;    ///< recomputed
};

/// Whether a search has ended with a plan.
template <class Solution>
constexpr bool found(Solution const& s) {
    return s.outcome == chain_outcome::optimal || (s.outcome == chain_outcome::unproven && s.time < unreachable);
}
/// Of two solutions of one chain, the second found with `below` the first one's time if that is a plan: the faster, or
/// where nothing fits the smaller. What either left open is open.
template <class Solution>
constexpr Solution better_of(Solution const& a, Solution const& b) {
    Solution best = a;
    if (found(a) || found(b))
        best = !found(a) || (found(b) && b.time < a.time) ? b : a;
    else if (a.outcome != b.outcome)
        best = b.outcome == chain_outcome::infeasible ? b : a;
    else if (a.outcome == chain_outcome::infeasible && b.memory < a.memory)
        best = b;
    if (a.outcome == chain_outcome::unproven || b.outcome == chain_outcome::unproven)
        best.outcome = chain_outcome::unproven, best.optimal = false, best.certificate.proof = chain_proof::none;
    return best;
}

/// A model's layers as the search takes them, and what its options stand for.
template <int Layouts, int Kinds, int Options, int Positions>
struct model_problem {
    using chain_type = chain_problem<Layouts, Kinds, Options, Kinds, Positions>;
    static constexpr int layouts = Layouts, options = Options, positions = Positions;

    chain_type chain{};
    chosen_option stands_for[Kinds][Options]{};
    short first_unit[Kinds]{};  ///< of each kind of position
    short first_trip[Kinds]{};  ///< of the run of it, in its repeat
    bool is_block[Kinds]{};
    bool is_tied[Kinds]{};      ///< shares a parameter, so all of these have one layout
    short class_of[Layouts]{};  ///< of each boundary layout

    /// Whether layers share a parameter.
    constexpr bool any_tied() const {
        bool any = false;
        for (bool const t : is_tied) any = any || t;
        return any;
    }
    /// The chain where layers that share a parameter lie as `g`, and only what is faster than `below` counts.
    constexpr chain_type tied_in(int g, long below) const {
        chain_type out = chain;
        for (int k = 0; k < out.classes; ++k)
            for (int i = 0; is_tied[k] && i < out.of[k].count; ++i)
                out.of[k].option[i].allowed = out.of[k].option[i].allowed && out.of[k].option[i].in == g;
        out.below = below;
        return out;
    }
    /// The largest number of options of a layer.
    constexpr int most_options() const {
        int most = 1;
        for (int k = 0; k < chain.classes; ++k) most = chain.of[k].count > most ? chain.of[k].count : most;
        return most;
    }
    /// The same with less room.
    template <int Fewer>
    constexpr model_problem<Layouts, Kinds, Fewer, Positions> trimmed() const {
        model_problem<Layouts, Kinds, Fewer, Positions> out;
        out.chain.layouts = chain.layouts;
        for (int k = 0; k < chain.classes; ++k) {
            out.chain.add(chain.of[k]);
            for (int i = 0; i < chain.of[k].count && i < Fewer; ++i) out.stands_for[k][i] = stands_for[k][i];
            out.first_unit[k] = first_unit[k], out.first_trip[k] = first_trip[k], out.is_block[k] = is_block[k];
            out.is_tied[k] = is_tied[k];
        }
        for (int r = 0; r < chain.runs; ++r) out.chain.repeat(chain.run[r].of, chain.run[r].count);
        for (int g = 0; g < Layouts; ++g) {
            out.class_of[g] = class_of[g];
            out.chain.entry[g] = chain.entry[g], out.chain.exit[g] = chain.exit[g];
            for (int h = 0; h < Layouts; ++h) out.chain.redistribution[g][h] = chain.redistribution[g][h];
        }
        out.chain.fixed = chain.fixed, out.chain.budget = chain.budget, out.chain.below = chain.below;
        out.chain.complete = out.chain.complete && chain.complete;
        return out;
    }
};

}  // namespace shardtype::detail
