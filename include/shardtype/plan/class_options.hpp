#pragma once

#include <shardtype/plan/constraints.hpp>
#include <shardtype/plan/parameter_cost.hpp>
#include <shardtype/plan/planned_case.hpp>

namespace shardtype::detail {

/// One way to run one layer of a unit, in its own layout: times of a whole step.
struct unit_option {
    short variant = 0;         ///< of the class
    unsigned satisfies = ~0U;  ///< the pins that it keeps to, as a mask
    layer_cost cost{};
    long held = 0;          ///< bytes of a layer that is recomputed, used parameters too: live only while its block is
    long window_again = 0;  ///< bytes besides, in one direction
    long input = 0;         ///< bytes of them that are its input
    long ahead = 0;         ///< bytes of collectives that are under way meanwhile
    long late = 0;          ///< bytes of collectives of a neighbour of other layout
    long stream = 0;        ///< ns of the residual addition
    long again = 0;         ///< ns of a layer that is recomputed, with its result
    long again_last = 0;    ///< ns of one whose result nobody needs again

    /// Whether b can always stand in for this one, of the same class.
    constexpr bool beaten_by(unit_option const& b) const {
        return (satisfies & ~b.satisfies) == 0 && b.cost.time() <= cost.time() && b.again <= again &&
               b.again_last <= again_last && b.cost.state <= cost.state && b.cost.activations <= cost.activations &&
               b.held <= held && b.ahead <= ahead && b.cost.window <= cost.window && b.window_again <= window_again;
    }
};

/// Longest of kernels and the collectives that run behind them.
constexpr long overlapped(bool overlaps, long kernels, long behind) {
    return !overlaps ? kernels + behind : kernels > behind ? kernels : behind;
}

/// A window with five significant bits, rounded up: the search has a pass for each window that there is.
constexpr long coarse(long bytes) {
    long unit = 1;
    while (bytes / unit >= 32) unit *= 2;
    return (bytes + unit - 1) / unit * unit;
}

/// All but state is rounded up by 1/32: for gaps in the arena, and what overlapping makes live besides.
constexpr unit_option option_of(unit_core const& u, parameter_cost const& p, model_unit const& of, cluster const& on,
                                int micro_batches, long stream, long before, long behind) {
    unit_option o;
    bool const gathers_again = of.in_block, made = p.copies > 0;
    long const kf = u.kernels_forward + p.gather_kernels;
    long const kb = u.kernels_backward + p.reduce_kernels + (gathers_again ? p.gather_kernels : 0);
    long const pb = p.reduce_moves + (gathers_again ? p.gather_moves : 0);
    bool const hides = on.on.overlaps;
    auto const step = [&](long more) {
        return micro_batches * (overlapped(hides, kf + u.moves_forward, p.gather_moves) +
                                overlapped(hides, kb + u.moves_backward + more, pb)) +
               p.once_kernels + p.once_moves;
    };
    o.cost.compute = micro_batches * (kf + kb) + p.once_kernels;
    o.cost.communication = micro_batches * (u.moves_forward + u.moves_backward + p.gather_moves + pb) + p.once_moves;
    o.cost.exposed = step(0) - o.cost.compute;
    o.cost.state = p.state;
    o.cost.activations = u.saved + u.input + (of.in_block || !made ? 0 : u.copies);
    o.cost.activations += o.cost.activations / 32;
    bool const stored = !made || (hides && of.in_block);
    long const between = hides ? 0 : p.reduce_between, beside = of.in_block ? stream : 0;
    // Beside a block's forward waits its result, or while it is made again the result's gradient.
    o.cost.window = larger((stored ? u.stored_forward : u.window_forward) + beside,
                           (stored ? u.stored_backward : u.window_backward) + between);
    o.cost.window = larger(o.cost.window, p.once_between);
    // What the block's other layers still have, where they lie alike.
    long const early = of.in_block ? larger(u.early_forward + before + beside, u.early_backward + behind) : 0;
    o.cost.window = larger(o.cost.window, early);
    // This block's gathered parameters and the next one's, and gradients until the block's end.
    if (hides) o.ahead = p.gradients + (of.in_block ? 2 * p.gathered : 0);
    o.cost.window += o.cost.window / 32, o.ahead += o.ahead / 32;
    o.held = u.saved + u.input + (made && !hides ? p.copies : 0);  // a replay gathers for the whole block
    o.held += o.held / 32;
    o.window_again = larger(u.stored_forward + beside, u.stored_backward + between);
    o.window_again = larger(o.window_again, early);
    o.window_again = larger(o.window_again, larger(p.once_between, hides ? 0 : p.gather_between + beside));
    o.window_again += o.window_again / 32;
    o.input = u.input;
    o.stream = micro_batches * u.stream;
    o.again = step(u.replay_kernels + u.replay_moves);
    o.again_last = step(u.last_kernels + u.last_moves);
    return o;
}

/// The ways to run each unit in one class, without those that another one beats, and the best strategy of the class that
/// is one for all layers.
template <int Units, int Room>
struct class_options {
    bool exists = false;   ///< some unit is legal here
    bool complete = true;  ///< false: more options than room
    int number = 0;        ///< the class
    layout stream{};       ///< between units
    long constants = 0;    ///< bytes of tables and inputs
    long late = 0;         ///< bytes of collectives that a unit leaves to the next one of its block, at most
    unsigned tied = 0;     ///< units that share a parameter, as a mask
    double flops = 0;      ///< of the model in a step, over all ranks; 0: some unit is not legal
    code why[Units]{};     ///< a unit is not legal
    int count[Units]{};    ///< options of each unit
    unit_option option[Units][Room]{};  ///< the options
    uniform_layout uniform{};           ///< the best one
    long uniform_time[Units]{};         ///< ns of each unit under it, all trips

    constexpr void add(int unit, unit_option const& o) {
        int kept = 0;
        for (int k = 0; k < count[unit]; ++k)
            if (o.beaten_by(option[unit][k])) return;
        for (int k = 0; k < count[unit]; ++k) {
            if (option[unit][k].beaten_by(o)) continue;
            if (kept != k) option[unit][kept] = option[unit][k];
            ++kept;
        }
        complete = complete && kept < Room;
        if (kept < Room) option[unit][kept++] = o;
        count[unit] = kept;
    }
    /// Takes note of a strategy for all layers, if it is better than the last.
    constexpr void consider(uniform_layout const& u, long const (&times)[Units]) {
        bool const better = u.verdict != uniform.verdict      ? u.verdict < uniform.verdict
                            : u.verdict == why_not::too_large ? u.memory < uniform.memory
                                                              : u.time < uniform.time;
        if (!better) return;
        uniform = u;
        for (int k = 0; k < Units; ++k) uniform_time[k] = times[k];
    }
};

/// Whether what a rank stores of matrices is a share within the bounds.
constexpr bool within(memory_share const& share, parameter_cost const& p, int ranks) {
    auto const stored = static_cast<double>(p.stored), whole = static_cast<double>(p.whole);
    double const high = share.high > 0 ? share.high : 1.0 / ranks, rounding = 1e-9 * whole;  // 1/49 is no double
    return p.whole == 0 || (stored >= share.low * whole - rounding && stored <= high * whole + rounding);
}

/// ns that every step takes besides its layers: the loss and the norm summed along each axis, and the kernels that use them.
constexpr long once_a_step(cluster const& on) {
    step sum;
    sum.kernel = id_of<kernels::all_reduce>;
    sum.kind = step_kind::collective_start;
    sum.type = dtype::f64;
    sum.dim[0] = 1;
    long time = 5 * on.on.launch;
    for (int a = 0; a < on.axes; ++a) {
        sum.axis = static_cast<signed char>(a);
        time += 2 * collective_time(on, sum);
    }
    return time;
}

/// One strategy for all layers: what it takes.
template <int Units>
constexpr uniform_layout uniform_of(unit_list const& units, unit_option const (&o)[Units], bool again, long constants,
                                    long (&times_of)[Units]) {
    uniform_layout u;
    u.time = 0, u.memory = constants;
    long window = 0, outside = 0, held = 0, ahead = 0, most = -1;
    int last = -1, first = -1;
    for (int i = 0; i < units.count; ++i)
        if (units.unit[i].in_block) last = i, first = first < 0 ? i : first;
    for (int i = 0; i < units.count; ++i) {
        long const times = units.unit[i].in_block ? units.trips : 1;
        bool const repeats = again && units.unit[i].in_block;
        long const time = times * (!repeats ? o[i].cost.time() : i == last ? o[i].again_last : o[i].again);
        u.time += times_of[i] = time;
        u.memory += times * (o[i].cost.state + (!repeats ? o[i].cost.activations : i == first ? o[i].input : 0));
        if (units.unit[i].in_block) ahead += o[i].ahead;
        if (repeats) held += o[i].held - (i == first ? o[i].input : 0);
        long const here = repeats ? o[i].window_again : o[i].cost.window;
        long& most_here = units.unit[i].in_block ? window : outside;
        long const now = units.unit[i].in_block ? here : coarse(here + o[i].ahead);
        if (now > most_here) most_here = now;
        if (time > most) most = time, u.worst = units.unit[i].name;
    }
    window = coarse(window + held + ahead);
    u.memory += window > outside ? window : outside;
    return u;
}

/// Whether a way to store parameters is worth a look. Where a step has one micro-batch, ZeRO-1 moves what ZeRO-2 moves and
/// holds whole gradients besides: it is not, but where it is pinned.
constexpr bool considered(placement_policy const& p, planned_case const& of) {
    if (!allowed(p, of.bound)) return false;
    for (int a = 0; a < p.axes; ++a)
        if (p.on[a] == role::sharded_optimizer && of.batch.micro_batches == 1 && !of.shares_parameters &&
            !of.pins_role(a, p.on[a])) {
            placement_policy other = p;
            other.on[a] = role::sharded_gradients;
            if (allowed(other, of.bound)) return false;
        }
    return true;
}

/// Whether some policy of a class may be used.
constexpr bool class_is_considered(planned_case const& of, int number) {
    placement_policy const probed = class_policy(of.on, number);
    for (int v = 0; v < variants_of(probed); ++v)
        if (considered(variant_of(probed, v), of)) return true;
    return false;
}

/// How many classes are, and which is the i-th.
constexpr int classes_of(planned_case const& of) {
    int n = 0;
    for (int c = 0; c < power(3, of.on.axes); ++c) n += class_is_considered(of, c) ? 1 : 0;
    return n;
}
constexpr int class_number(planned_case const& of, int i) {
    int c = 0;
    for (; c < power(3, of.on.axes); ++c)
        if (class_is_considered(of, c) && i-- == 0) break;
    return c;
}

/// Variants of a class that one constant looks at: compilers count the steps of each.
inline constexpr int variants_at_once = 5;
/// So many constants a class takes.
constexpr int parts_of_class(planned_case const& of, int number) {
    int n = 0;
    placement_policy const probed = class_policy(of.on, number);
    for (int v = 0; v < variants_of(probed); ++v) n += considered(variant_of(probed, v), of) ? 1 : 0;
    return n > variants_at_once ? (n + variants_at_once - 1) / variants_at_once : 1;
}

/// The options of all units in one class, from what a probe of it has found: `out` with one more part of the variants; all
/// of them where `part` is -1.
template <int Units, int Room>
constexpr class_options<Units, Room> options_of_class(planned_case const& of, int number, class_core const& core,
                                                      class_options<Units, Room> out = {}, int part = -1) {
    out.number = number;
    placement_policy const probed = class_policy(of.on, number);
    int const variants = variants_of(probed);
    if (part <= 0) out.uniform.verdict = why_not::illegal, out.uniform.time = unreachable;
    if (part <= 0) out.uniform.roles = variant_of(probed, variants - 1);
    out.stream = core.stream;
    out.constants = core.constants;
    out.tied = core.tied;
    for (unit_core const& u : core.unit) out.late = larger(out.late, larger(u.late_forward, u.late_backward));
    out.complete = out.complete && core.complete;
    graph g;
    g.policy = probed, g.element = of.element, g.compute = of.compute;
    schedule_builder b;
    b.micro_batches = of.batch.micro_batches > 1;
    lowerer l(g, b, &no_scratch, nullptr);
    parameter_prober prober{g, b, l, of.on};
    int ranks = 1;
    for (int a = 0; a < of.on.axes; ++a) ranks *= of.on.axis_size[a];
    bool all_legal = true;
    long const stream = out.exists || core.stream.rank > 0 ? align_up(core.stream.local_bytes()) : 0;
    double flops = 0;
    for (int u = 0; u < Units; ++u) {
        out.why[u] = core.unit[u].why;
        out.exists = out.exists || core.unit[u].legal;
        all_legal = all_legal && core.unit[u].legal;
        flops += core.unit[u].flops * (of.units.unit[u].in_block ? of.units.trips : 1);
    }
    out.flops = all_legal ? flops : 0;
    int seen = 0;
    for (int v = 0; v < variants; ++v) {
        placement_policy const p = variant_of(probed, v);
        if (!considered(p, of) || (seen++ / variants_at_once != part && part >= 0)) continue;
        prober.routes = 0;
        parameter_cost of_parameter[class_core::max_parameters]{};
        bool stores[class_core::max_parameters]{};
        short parameters = 0;
        for (unit_core const& c : core.unit)
            if (c.legal && c.end_parameter > parameters) parameters = c.end_parameter;
        for (short k = 0; k < parameters; ++k) {
            short const as = core.parameter[k].as;
            if (as >= 0)
                of_parameter[k] = of_parameter[as], stores[k] = stores[as];
            else
                stores[k] = prober.add(core.parameter[k], p, of_parameter[k]);
            b.says = {};
        }
        unit_option all[Units]{};
        bool legal = true, shares = true, pinned = true;
        for (int u = 0; u < Units; ++u) {
            unit_core const& c = core.unit[u];
            parameter_cost cost;
            bool stored = c.legal;
            for (short k = c.first_parameter; k < c.end_parameter && stored; ++k) {
                stored = stores[k];
                cost.add(of_parameter[k]);
            }
            if (!stored) {
                legal = false;
                if (c.legal) out.why[u] = code::layer_not_divisible;
                out.uniform.worst = of.units.unit[u].name;
                b.says = {};
                continue;
            }
            prober.add_update(cost);
            all[u] = option_of(c, cost, of.units.unit[u], of.on, of.batch.micro_batches, stream,
                               u > 0 ? core.unit[u - 1].late_forward : 0,
                               u + 1 < Units ? core.unit[u + 1].late_backward : 0);
            all[u].variant = static_cast<short>(v);
            all[u].satisfies = of.satisfied(u, p);
            bool const shared = within(of.bound.parameter_memory, cost, ranks);
            shares = shares && shared;
            if (shared) out.add(u, all[u]);
            pinned = pinned && (all[u].satisfies & of.all_pins()) == of.all_pins();
        }
        for (int again = 0; legal && again <= (of.bound.recompute && of.units.repeats > 0 ? 1 : 0); ++again) {
            long times[Units]{};
            uniform_layout one = uniform_of(of.units, all, again == 1, out.constants, times);
            one.time += once_a_step(of.on);
            one.roles = p;
            one.roles.recomputes = again == 1;
            one.verdict = !shares || !pinned || of.pins_recomputing(again == 0) ? why_not::forbidden
                          : one.memory > of.bound.device_memory                 ? why_not::too_large
                                                                                : why_not::slower;
            out.consider(one, times);
        }
    }
    return out;
}

}  // namespace shardtype::detail
