#pragma once

#include <shardtype/plan/case_of.hpp>
#include <shardtype/plan/decode.hpp>
#include <shardtype/plan/plan_bounds.hpp>
#include <shardtype/plan/plan_fault.hpp>
#include <shardtype/search/chain_search.hpp>

namespace shardtype {

namespace detail {

/// Options of a unit in one class that another one does not beat.
constexpr int options_room(int axes) { return axes > 2 ? 28 : 16; }
/// The same of a layer of the chain, over all classes.
inline constexpr int options_of_layer = 512;
/// Ways to run a block whose residual stream lies in one way, none worse than another in all: in the compiler, at run time.
inline constexpr int block_options = 256, run_time_block_options = 1024;

template <class Model, class Operations>
constexpr class_core core_of(planned_case const& of, int number, scratch_bound scratch, room_bound room) {
    return probe_class<Model, Operations>(class_policy(of.on, number), of.on, of.whole, of.batch, of.element,
                                          of.compute, scratch, room);
}

/// The plan that a solution stands for.
template <class Problem, class Solution, int Units, int Room, int Classes>
constexpr model_plan decode(planned_case const& of, class_options<Units, Room> const (&all)[Classes],
                            class_edges<Classes> const (&edges)[Classes], Problem const& problem,
                            Solution const& solution) {
    model_plan out;
    out.outcome = solution.outcome;
    out.optimal = solution.optimal;
    out.axes = of.on.axes;
    for (int a = 0; a < of.on.axes; ++a) out.axis_size[a] = of.on.axis_size[a], out.axis_name[a] = of.axis_name[a];
    out.hardware.append(of.on.on.name);
    out.budget = of.bound.device_memory;
    out.time = solution.time;
    out.memory = solution.memory * 1024;
    out.certificate = solution.certificate;
    for (int i = 0; i < Classes; ++i)
        if (all[i].flops > out.flops) out.flops = all[i].flops;
    out.tokens = of.batch.global * of.batch.sequence;
    plan_decoder<Units, Room, Classes, Problem> d{of, all, edges, problem, out};
    short choice[Problem::positions]{};
    for (int i = 0; i < solution.positions; ++i) choice[i] = solution.choice[i];
    if (solution.time < unreachable && solution.positions > 0) d.add_layers(choice);
    d.add_uniforms();
    bool const held = out.strategy.exceptions <= model_strategy::max_exceptions && !d.cut;
    if (!held) out.outcome = chain_outcome::invalid, out.optimal = false;  // more than a strategy has room for
    return out;
}

}  // namespace detail

/// The planner where mesh, hardware and bounds are known at run time only. It is large: keep it on the heap, one for each
/// model and number of axes. `Stretches`: room for runs of trips that pins treat otherwise.
template <class Model, int Axes, class BackEnd = buffers_only, class Operations = library_operations, int Stretches = 4>
struct run_time_planner {
    static constexpr unit_list units = units_of<Model>();                ///< of the model
    static constexpr int classes = detail::power(3, Axes);               ///< ways to split activations, at most
    static constexpr int count = units.count > 0 ? units.count : 1;      ///< units
    static constexpr int leaves = units.count > 0 ? units.leaves() : 1;  ///< layers with a name, a repeat's once
    /// What the search takes.
    using problem_type =
        detail::model_problem<classes, leaves + (units.repeats > 0 ? Stretches : 0), 2 * detail::options_of_layer,
                              leaves + (units.repeats > 0 ? units.trips : 0)>;

    detail::planned_case of{};                                                ///< set by `prepare`
    detail::class_options<count, detail::options_room(Axes)> all[classes]{};  ///< by class
    detail::class_edges<classes> edges[classes]{};                            ///< by class
    problem_type assembled{};                                                 ///< the chain, and what its options are
    typename problem_type::chain_type one_layout{};                  ///< the chain with shared parameters in one layout
    chain_search_state<typename problem_type::chain_type> search{};  ///< its room

    /// Says what is to be planned.
    constexpr void prepare(cluster const& on, constraints const& bound, batch_shape const& batch, dtype element,
                           dtype compute) {
        of = detail::case_of<Model>(on, bound, batch, element, compute);
    }
    /// Reads the model in every class, and states the chain.
    constexpr void state() {
        bool wanted[classes]{};
        int number[classes]{};
        assembled.chain.complete = false;
        if (!detail::is_sound(of.on, of.batch, Axes)) return;  // [ST-J726]
        if (of.pins > detail::planned_case::max_pins) return;  // [ST-J725]
        int const considered = detail::classes_of(of);
        for (int i = 0; i < classes; ++i) {
            all[i] = {};
            if (i >= considered) continue;
            number[i] = detail::class_number(of, i);
            all[i] = detail::options_of_class<count, detail::options_room(Axes)>(
                of, number[i],
                detail::core_of<Model, Operations>(of, number[i], BackEnd::scratch, detail::room_of<BackEnd>));
            wanted[i] = all[i].exists;
        }
        for (int i = 0; i < classes; ++i) edges[i] = detail::edges_from<classes>(of, i, number, wanted);
        assembled = detail::assemble<problem_type, detail::run_time_block_options>(of, all, edges);
    }
    /// Searches for what is faster than `below` (ns). Where it is `invalid`, `refusal_of` (plan/plan_refusal.hpp) says why.
    constexpr model_plan find(long below = unreachable) {
        bool const sound = detail::is_sound(of.on, of.batch, Axes) &&
                           fault_of(of.bound, of.on.on, detail::devices_of(of.on), of.on.axes) == bound_fault::none;
        if (detail::room_of_units(units) != plan_room::none) return model_plan{};     // [ST-J725]
        if (!sound || of.pins > detail::planned_case::max_pins) return model_plan{};  // [ST-J726], [ST-J728], [ST-J725]
        if (detail::fault_of_pins(of).what != code::ok) return model_plan{};          // [ST-J722], [ST-J723]
        assembled.chain.below = below;
        if (assembled.chain.complete &&
            assembled.chain.layouts == 0) {  // the rules refuse every layer, however it lies
            search.result = {};
            search.result.outcome = chain_outcome::no_path;
            return detail::decode(of, all, edges, assembled, search.result);
        }
        if (!assembled.any_tied()) return detail::decode(of, all, edges, assembled, solve(assembled.chain, search));
        auto best = search.result;
        best.outcome = chain_outcome::no_path, best.time = unreachable;
        for (int g = 0; g < assembled.chain.layouts; ++g) {
            bool const found = best.outcome == chain_outcome::optimal || best.outcome == chain_outcome::unproven;
            one_layout = assembled.tied_in(g, found && best.time < below ? best.time : below);
            best = g == 0 ? solve(one_layout, search) : detail::better_of(best, solve(one_layout, search));
        }
        return detail::decode(of, all, edges, assembled, best);
    }
};

}  // namespace shardtype
