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

/// n times so many ns, as far as they are to be told apart.
constexpr long so_often(long n, long ns) { return ns < longest_time / n ? n * ns : longest_time; }

/// A window with five significant bits, rounded up: the search has a pass for each window that there is.
constexpr long coarse(long bytes) {
    long unit = 1;
    while (bytes / 32 >= unit << 7) unit <<= 8;
    while (bytes / 32 >= unit) unit <<= 1;
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
        return so_often(micro_batches, overlapped(hides, kf + u.moves_forward, p.gather_moves) +
                                           overlapped(hides, kb + u.moves_backward + more, pb)) +
               p.once_kernels + p.once_moves;
    };
    o.cost.compute = so_often(micro_batches, kf + kb) + p.once_kernels;
    o.cost.communication =
        so_often(micro_batches, u.moves_forward + u.moves_backward + p.gather_moves + pb) + p.once_moves;
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
    o.stream = so_often(micro_batches, u.stream);
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
            if (kept++ != k) option[unit][kept - 1] = option[unit][k];
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

/// One strategy for all layers: what it takes. `stream`: bytes of the residual stream, which a block holds whose first
/// branch does not keep its input.
template <int Units>
constexpr uniform_layout uniform_of(unit_list const& units, unit_option const (&o)[Units], bool again, long constants,
                                    long stream, long (&times_of)[Units]) {
    uniform_layout u;
    u.time = 0, u.memory = constants;
    long window = 0, outside = 0, held = 0, ahead = 0, most = -1;
    int last = -1, first = -1;
    for (int i = 0; i < units.count; ++i)
        if (units.unit[i].in_block) last = i, first = first < 0 ? i : first;
    for (int i = 0; i < units.count; ++i) {
        long const times = units.unit[i].in_block ? units.trips : 1;
        bool const repeats = again && units.unit[i].in_block;
        long const time = so_often(times, !repeats ? o[i].cost.time() : i == last ? o[i].again_last : o[i].again);
        u.time += times_of[i] = time;
        u.memory += times * (o[i].cost.state + (!repeats         ? o[i].cost.activations
                                                : i != first     ? 0
                                                : o[i].input > 0 ? o[i].input
                                                                 : stream));
        if (units.unit[i].in_block) ahead += o[i].ahead;
        if (repeats) held += o[i].held - (i == first ? o[i].input : 0);
        long const here = repeats ? o[i].window_again : o[i].cost.window;
        long& most_here = units.unit[i].in_block ? window : outside;
        long const now = units.unit[i].in_block ? here : coarse(here + o[i].ahead);
        if (now > most_here) most_here = now;
        if (time > most) most = time, u.worst = units.unit[i].name;
    }
    bool const loose = first >= 0 && !again && o[first].input == 0;
    window = coarse(window + held + ahead + (loose ? stream : 0));
    u.memory += window > outside ? window : outside;
    return u;
}

}  // namespace shardtype::detail
