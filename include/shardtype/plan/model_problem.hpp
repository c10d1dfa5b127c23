#pragma once

#include <shardtype/plan/boundary_layouts.hpp>
#include <shardtype/plan/options_of_class.hpp>

namespace shardtype::detail {

/// Which class and which option of it each branch of a block has; of a leaf the first entry.
struct branch_choices {
    static constexpr int max_branches = 6;  ///< room

    short of_class[max_branches]{};
    short option[max_branches]{};
};

/// A way to run the first branches of a block: what counts of it in the end, and of which less is better.
struct block_way {
    long time = 0;    ///< ns
    long memory = 0;  ///< bytes until the step ends
    long live = 0;    ///< bytes while the block runs, of all branches together
    long window = 0;  ///< bytes while one branch runs, of the largest
    long late = 0;    ///< bytes of collectives of a branch that lies otherwise than its neighbour
    branch_choices how{};
};

/// Ways to run a block of which none beats another. Without calls: compilers count the steps of a constant, and these are
/// most of them.
template <int Room>
struct block_ways {
    block_way one[Room]{};
    int count = 0;
    bool complete = true;

    constexpr void add(block_way const& o) {
        for (int k = 0; k < count; ++k)
            if (one[k].time <= o.time && one[k].memory <= o.memory && one[k].live <= o.live &&
                one[k].window <= o.window && one[k].late <= o.late)
                return;
        int kept = 0;
        for (int k = 0; k < count; ++k)
            if (o.time > one[k].time || o.memory > one[k].memory || o.live > one[k].live || o.window > one[k].window ||
                o.late > one[k].late) {
                if (kept++ != k) one[kept - 1] = one[k];
            }
        count = kept;
        if (count == Room)
            complete = false;
        else
            one[count++] = o;
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

/// Layers of one kind, side by side in the chain: a unit, or a repeat's block on trips that the same pins are about.
struct layer_kind {
    int first_unit = 0, end_unit = 0;
    int first_trip = 0, count = 1;
    bool is_block = false;
    bool is_tied = false;  ///< shares a parameter: all of these have one layout
};
constexpr int kinds_of(planned_case const& of) {
    return of.units.count == 0 ? 1 : of.units.leaves() + (of.units.repeats > 0 ? of.stretches() : 0);
}
constexpr layer_kind kind_at(planned_case const& of, int wanted) {
    layer_kind k;
    for (int number = 0; number <= wanted; ++number) {
        if (k.is_block && k.first_trip + k.count < of.units.trips) {
            k.first_trip += k.count;
        } else if (k.end_unit < of.units.count) {
            k = {k.end_unit, k.end_unit + 1, 0, 1, of.units.unit[k.end_unit].in_block};
            while (k.is_block && k.end_unit < of.units.count && of.units.unit[k.end_unit].in_block) ++k.end_unit;
        }
        if (k.is_block) k.count = of.next_change(k.first_trip) - k.first_trip;
    }
    return k;
}

/// A way to run a layer of a kind, and what it stands for.
struct stated_option {
    chain_option costs{};
    chosen_option what{};
};
/// All of them that are worth a look.
template <int Room>
struct kind_options {
    stated_option one[Room]{};
    int count = 0;
    bool complete = true;    ///< false: more options than room
    bool blocks_fit = true;  ///< false: more ways to run a block than room
};

/// A model's layers as the search takes them, and what its options stand for.
template <int Layouts, int Kinds, int Options, int Positions>
struct model_problem {
    using chain_type = chain_problem<Layouts, Kinds, Options, Kinds, Positions>;
    static constexpr int layouts = Layouts, kinds = Kinds, options = Options, positions = Positions;

    chain_type chain{};
    chosen_option stands_for[Kinds][Options]{};
    layer_kind kind[Kinds]{};
    short class_of[Layouts]{};  ///< of each boundary layout
    bool blocks_fit = true;     ///< false: some block has more ways to be run than room

    /// Appends the layers of a kind.
    template <int Room>
    constexpr void add(layer_kind const& k, kind_options<Room> const& o) {
        chain_class<Options> one;
        one.complete = o.complete;
        for (int i = 0; i < o.count; ++i) one.add(o.one[i].costs);
        blocks_fit = blocks_fit && o.blocks_fit;
        short const at = chain.add(one);
        chain.repeat(at, k.count);
        kind[at] = k;
        for (int i = 0; i < one.count; ++i) stands_for[at][i] = o.one[i].what;
        chain.complete = chain.complete && o.blocks_fit;
    }
    /// Whether layers share a parameter.
    constexpr bool any_tied() const {
        bool any = false;
        for (layer_kind const& k : kind) any = any || k.is_tied;
        return any;
    }
    /// The chain where layers that share a parameter lie as `g`, and only what is faster than `below` counts.
    constexpr chain_type tied_in(int g, long below) const {
        chain_type out = chain;
        for (int k = 0; k < out.classes; ++k)
            for (int i = 0; kind[k].is_tied && i < out.of[k].count; ++i)
                out.of[k].option[i].allowed = out.of[k].option[i].allowed && out.of[k].option[i].in == g;
        out.below = below;
        return out;
    }
};

/// A model's chain but for its kinds of layers.
template <class Problem, int Units, int Room, int Classes>
constexpr Problem problem_without_layers(planned_case const& of, boundary_layouts<Problem::layouts> const& between,
                                         class_options<Units, Room> const (&all)[Classes]) {
    Problem out;
    auto& chain = out.chain;
    chain.layouts = between.count;
    for (int g = 0; g < between.count; ++g) {
        out.class_of[g] = between.class_of[g];
        chain.entry[g] = once_a_step(of.on);
        for (int h = 0; h < between.count; ++h) chain.redistribution[g][h] = between.redistribution[g][h];
    }
    chain.budget = of.bound.device_memory / 1024;
    chain.complete = of.units.complete && of.units.repeats <= 1 && of.pins <= planned_case::max_pins;
    for (auto const& o : all) {
        if (o.exists && kib(o.constants) > chain.fixed) chain.fixed = kib(o.constants);
        chain.complete = chain.complete && o.complete;
    }
    return out;
}

}  // namespace shardtype::detail
