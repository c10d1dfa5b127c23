#pragma once

#include <shardtype/plan/explain_uniforms.hpp>

namespace shardtype {

namespace detail {

/// A plan's layers as a table: two rows of headings, a row per stretch, and the sum.
struct layer_cells {
    static constexpr int columns = 8;
    model_plan const& p;
    plan_totals const& all;
    unit_of_measure time, memory;
    int rows = 0;  // three more than layers; no initializer may read a member (nvcc 13)

    static constexpr bool left(int c) { return c < 2; }
    static constexpr char const* heading(int c) {
        constexpr char const* of[columns] = {"layers",  "strategy", "compute", "comm.",
                                             "exposed", "state",    "kept",    "window"};
        return of[c];
    }
    constexpr void put(text_sink& out, int r, int c) const {
        if (r == 0) return out.put(heading(c));
        if (r == 1) return out.put(c < 2 ? "" : c < 5 ? time.name : memory.name);
        bool const sum = r == rows - 1;
        if (c >= 2) return put_cost(out, sum ? all.sum : p.layer[r - 2].cost, sum ? 1 : p.layer[r - 2].count, c);
        if (sum) return out.put(c == 0 ? "all layers" : "");
        planned_layer const& x = p.layer[r - 2];
        if (c == 0)
            put_layer(out, x);
        else
            put_strategy(out, x.roles, p);
    }
    /// Of `count` layers; the largest window is that of one.
    constexpr void put_cost(text_sink& out, layer_cost const& x, long count, int c) const {
        long const of[columns] = {0,
                                  0,
                                  count * x.compute,
                                  count * x.communication,
                                  count * x.exposed,
                                  count * x.state,
                                  count * x.activations,
                                  x.window};
        put_fixed(out, of[c], c < 5 ? time.one : memory.one, 3);
    }
};

constexpr void put_time_line(text_sink& out, model_plan const& p, plan_totals const& all) {
    unit_of_measure const in = time_unit(p.time);
    out.put("step time  ");
    put_measure(out, p.time, in);
    out.put(": compute ");
    put_fixed(out, all.sum.compute, in.one, 3);
    out.put(", exposed communication ");
    put_fixed(out, all.sum.exposed, in.one, 3);
    out.put(" of ");
    put_fixed(out, all.sum.communication, in.one, 3);
    out.put(", beside the layers ");
    put_fixed(out, all.beside, in.one, 3);
    out.put("\nspeed      ");
    put_number(out, tokens_per_second(p));
    out.put(" tokens/s, ");
    put_number(out, tokens_per_second(p) / devices_of(p));
    out.put(" per device");
    if (device_speed(p) > 0) {
        out.put("; ");
        put_fixed(out, device_speed(p), 10, 1);
        out.put(" TFLOP/s per device");
    }
    out.put('\n');
}

constexpr void put_memory_line(text_sink& out, model_plan const& p, plan_totals const& all) {
    unit_of_measure const in = memory_unit(p.memory);
    out.put("memory     ");
    put_measure(out, p.memory, in);
    if (p.budget > 0) {
        out.put(" of ");
        put_measure(out, p.budget, memory_unit(p.budget));
        out.put(" (");
        put_percent(out, p.memory, p.budget);
        out.put(')');
    }
    out.put(": state ");
    put_fixed(out, all.sum.state, in.one, 3);
    out.put(", kept activations ");
    put_fixed(out, all.sum.activations, in.one, 3);
    out.put(", largest window ");
    put_fixed(out, all.sum.window, in.one, 3);
    out.put(", beside the layers ");
    put_fixed(out, all.fixed, in.one, 3);
    out.put('\n');
    if (p.arena == 0) return;
    out.put("arena      ");
    put_measure(out, p.arena, memory_unit(p.arena));
    out.put(": what its schedule allocates\n");
}

/// The layer that holds most.
constexpr planned_layer const& row_of_most_memory(model_plan const& p) {
    int at = 0;
    for (int i = 1; i < p.layers; ++i)
        if (p.layer[i].count * p.layer[i].cost.memory() > p.layer[at].count * p.layer[at].cost.memory()) at = i;
    return p.layer[at];
}

/// Nanoseconds per KiB, `0.125`.
constexpr void put_price(text_sink& out, chain_certificate const& c) {
    long price = c.multiplier;
    int shift = c.shift;
    for (; shift > 40; --shift) price /= 2;
    put_fixed(out, price, 1L << shift, 3);
    out.put(" ns per KiB of memory");
}
/// Why the plan is believed to be the fastest.
constexpr void put_optimal(text_sink& out, model_plan const& p) {
    chain_certificate const& c = p.certificate;
    out.put("no plan that fits is faster; ");
    if (c.proof == chain_proof::bound && c.multiplier == 0) return out.put("it is the fastest at any memory");
    out.put("at a price of ");
    put_price(out, c);
    out.put(" none takes less than ");
    put_measure(out, c.lower_bound, time_unit(p.time));
    if (c.proof != chain_proof::labels) return;
    out.put(", and all between were tried (");
    put_number(out, c.labels);
    out.put(" labels)");
}
constexpr void put_proof_line(text_sink& out, model_plan const& p) {
    chain_certificate const& c = p.certificate;
    out.put("proof      ");
    switch (p.outcome) {
        case chain_outcome::optimal:
            put_optimal(out, p);
            break;
        case chain_outcome::none_better:
            out.put("none is faster than the best before, ");
            put_measure(out, c.value, time_unit(c.value));
            break;
        case chain_outcome::infeasible:
            out.put("no plan fits; this is the smallest, too large by ");
            put_measure(out, p.memory - p.budget, memory_unit(p.memory - p.budget));
            if (p.layers > 0) out.put(", most of it in "), put_layer(out, row_of_most_memory(p));
            break;
        case chain_outcome::unproven:
            out.put("none: the search ran out of room; a plan that fits may be faster, by at most ");
            put_measure(out, p.time - c.lower_bound, time_unit(p.time));
            out.put(" (");
            put_percent(out, p.time - c.lower_bound, p.time);
            out.put(')');
            break;
        case chain_outcome::no_path:
            out.put("no plan at any memory");
            break;
        case chain_outcome::invalid:
            out.put("none: the problem was not well formed");
            break;
    }
    out.put(".\n");
}

constexpr void put_plan(text_sink& out, model_plan const& p) {
    plan_totals const all(p);
    out.put("Plan for ");
    put_number(out, devices_of(p));
    out.put(' ');
    out.put(p.hardware);
    out.put(", mesh ");
    put_mesh(out, p);
    out.put("\n\n");
    bool const made = p.time < unreachable && p.layers > 0;
    if (made) {
        layer_cells const cells{p, all, time_unit(p.time), memory_unit(p.memory), p.layers + 3};
        put_table(out, cells);
        out.put('\n');
        put_time_line(out, p, all);
        put_memory_line(out, p, all);
    }
    put_proof_line(out, p);
    put_uniforms(out, p);
}

}  // namespace detail

/// A plan in words: what each layer does and costs, the sums, the proof, and why one strategy for all layers lost.
/// Written to `to`, at most `room` letters. Layers' times and memory are of all layers of a row, one rank and one step;
/// `window` is that of one layer, and the model's largest one counts.
/// @return the letters of the whole text
constexpr long explain(model_plan const& p, char* to, long room) {
    text_sink out{to, room};
    detail::put_plan(out, p);
    return out.size;
}

}  // namespace shardtype
