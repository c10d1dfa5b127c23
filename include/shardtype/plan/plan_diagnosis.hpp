#pragma once

#include <shardtype/plan/job_checks.hpp>
#include <shardtype/plan/planning.hpp>
#include <shardtype/plan/unit_fault.hpp>

#include <utility>

// Why a job has no plan, looked for by the compiler.
namespace shardtype::detail {

/// Whether a plan is one that a schedule can be made of. `P` is the planner's work for the job.
template <class P, class Job>
constexpr bool is_usable() {
    if constexpr (!is_sound_job<Job>) {
        return false;
    } else if constexpr (room_of_units(P::units) != plan_room::none ||
                         count_of(asked_of<Job>{}) > planned_case::max_pins) {
        return false;
    } else if constexpr (fault_of_pins(P::of).what != code::ok) {
        return false;
    } else {
        chain_outcome const is = P::plan.outcome;
        return (is == chain_outcome::optimal || is == chain_outcome::unproven) &&
               P::plan.strategy.exceptions <= model_strategy::max_exceptions;
    }
}

/// A class by its number, whether the constraints allow it or not.
template <class P, int I>
inline constexpr class_core core_at = core_of<typename P::model, typename P::operations>(P::of, I, &no_scratch,
                                                                                         nullptr);
template <class P, int I>
inline constexpr class_ways ways_at = ways_of_class(P::of, I, core_at<P, I>);

/// Looks for the fault of a plan that is not usable; one constant after the other, as compilers count the steps of each.
template <class P, class Job>
struct plan_diagnosis {
    struct found {
        plan_fault fault{};
        unsigned others = 0;
        int unit = 0;
    };
    template <int... I>
    static constexpr class_ways all_ways(std::integer_sequence<int, I...>) {
        class_ways all;
        auto const add = [&](class_ways const& one) {
            for (int u = 0; u < P::units.count; ++u) all.unit[u].add(one.unit[u]);
        };
        (add(ways_at<P, I>), ...);
        return all;
    }
    /// The rule that refuses a unit where all axes split the batch, else where another one does.
    template <int... I>
    static constexpr code refusing(int unit, std::integer_sequence<int, I...>) {
        code why = code::ok;
        ((why = why == code::ok && !core_at<P, I>.unit[unit].legal ? core_at<P, I>.unit[unit].why : why), ...);
        return why == code::ok ? code::layer_not_divisible : why;
    }
    using all_classes = std::make_integer_sequence<int, power(3, P::axes)>;

    static constexpr plan_room full_room() {
        if constexpr (room_of_units(P::units) != plan_room::none) {
            return room_of_units(P::units);
        } else if constexpr (count_of(asked_of<Job>{}) > planned_case::max_pins) {
            return plan_room::pins;
        } else {
            for (auto const& one : P::table::all)
                if (!one.complete) return any_core_full(all_classes{}) ? plan_room::parameters : plan_room::ways;
            if (!P::assembled.chain.complete) return room_of_chain(P::assembled);
            bool const cut = P::plan.layers == model_plan::max_layers && P::solution.optimal && !P::plan.optimal;
            return P::plan.strategy.exceptions > model_strategy::max_exceptions ? plan_room::exceptions
                   : cut                                                        ? plan_room::layers
                                                                                : plan_room::none;
        }
    }
    template <int... I>
    static constexpr bool any_core_full(std::integer_sequence<int, I...>) {
        return (false || ... || !core_at<P, I>.complete);
    }
    static constexpr found find() {
        found f;
        if constexpr (full_room() != plan_room::none) {
            f.fault.what = code::plan_room, f.fault.room = full_room();
        } else if constexpr (fault_of_pins(P::of).what != code::ok) {
            f.fault = fault_of_pins(P::of);
        } else if constexpr (P::plan.outcome == chain_outcome::infeasible) {
            f.fault.what = code::plan_memory;
            f.fault.layer = largest_layer(P::plan).name;
        } else {
            constexpr class_ways all = all_ways(all_classes{});
            f.fault = fault_of_units(P::of, all, f.others, f.unit);
            if (f.fault.what == code::plan_layer) f.fault.refused = refusing(f.unit, all_classes{});
            if (f.fault.what == code::ok && P::plan.outcome == chain_outcome::no_path) {
                int n = 0, run = 0;  // each layer by itself can be run, but not behind the one before it
                while (n + P::assembled.chain.run[run].count <= P::solution.position)
                    n += P::assembled.chain.run[run++].count;
                f.fault.what = code::plan_layer;
                f.fault.layer = P::units.unit[P::assembled.kind[P::assembled.chain.run[run].of].first_unit].name;
                f.fault.refused = code::no_conversion;
            }
            if (f.fault.what == code::ok) f.fault.what = code::plan_room, f.fault.room = plan_room::sums;
        }
        return f;
    }
    static constexpr found first = find();

    template <int I>
    static constexpr unit_needs needs_at = needs_in_class(P::of, I, core_at<P, I>, first.fault, first.unit,
                                                          first.others);
    template <int I>
    static constexpr code rule_at = rule_in_class(P::of, I, core_at<P, I>, first.fault, first.unit, first.others);
    template <int... I>
    static constexpr plan_fault with_needs(std::integer_sequence<int, I...>) {
        plan_fault f = first.fault;
        unit_needs all;
        auto const add = [&](unit_needs const& one) {
            for (int i = 0; i < one.shares; ++i) all.add(one.share[i]);
            all.allowed = all.allowed | one.allowed, all.forbidden = all.forbidden | one.forbidden;
        };
        (add(needs_at<I>), ...);
        for (int i = 0; i < all.shares; ++i) f.share[f.shares++] = all.share[i];
        sort_shares(f, P::of.bound.parameter_memory, devices_of(P::of.on));
        f.widens = all.forbidden.mask != 0;
        f.roles = f.widens ? all.forbidden : all.allowed;
        ((f.refused = f.refused == code::ok ? rule_at<I> : f.refused), ...);
        return f;
    }
    static constexpr plan_fault find_needs() {
        constexpr code what = first.fault.what;
        if constexpr (what == code::plan_share ||
                      (what == code::plan_pinned && (first.fault.axis >= 0 || first.fault.pin < 0)))
            return with_needs(all_classes{});
        else
            return first.fault;
    }
    static constexpr plan_fault value = find_needs();
};

}  // namespace shardtype::detail
