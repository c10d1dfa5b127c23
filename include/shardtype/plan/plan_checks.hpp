#pragma once

#include <shardtype/model/checked.hpp>
#include <shardtype/plan/plan_check_words.hpp>
#include <shardtype/plan/planning.hpp>

#include <utility>

namespace shardtype {

// A numbered check of a plan, for this file only. What to write instead comes first, the job last. @cond
#define SHARDTYPE_CHECK(number, name, text)                                                             \
    template <class Fix, class... Facts>                                                                \
    struct ST_##number {                                                                                \
        static_assert(never<Fix>, "[ST-" #number "] " text ": see ST_" #number "<fix, facts..., job>"); \
    };                                                                                                  \
    template <>                                                                                         \
    struct detail::check_of<code::name> {                                                               \
        template <class Fix, class... Facts>                                                            \
        using with = ST_##number<Fix, Facts...>;                                                        \
    }

SHARDTYPE_CHECK(J720, plan_memory,
                "no strategy of the layers fits into `device_memory`: the smallest plan and the layer that holds most "
                "of it, bytes of one rank");
SHARDTYPE_CHECK(J721, plan_share,
                "`parameter_memory` leaves a layer without a strategy: what a rank can store of it is none of the "
                "shares from `low` to `high`");
SHARDTYPE_CHECK(J722, plan_pinned, "what is pinned to a layer, or `constraints::roles`, leaves it without a strategy");
SHARDTYPE_CHECK(J723, plan_layers_unknown,
                "a strategy is pinned to a layer that the model does not have, or to a trip that its repeat does not "
                "have");
SHARDTYPE_CHECK(J724, plan_layer, "the rules refuse a layer under every strategy of the mesh");
SHARDTYPE_CHECK(J725, plan_room, "the planner has no room for this job, or cannot tell its layers apart");

#undef SHARDTYPE_CHECK
// @endcond

namespace detail {

/// Whether a plan is one that a schedule can be made of. `P` is the planner's work for the job.
template <class P, class Job>
constexpr bool is_usable() {
    if constexpr (P::units.repeats > 1 || !P::units.complete || count_of(asked_of<Job>{}) > planned_case::max_pins) {
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
inline constexpr class_core core_at = probe_class<typename P::model, typename P::operations>(
    class_policy(P::of.on, I), P::of.on, P::of.whole, P::of.batch, P::of.element, P::of.compute, &no_scratch, nullptr);
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
        if constexpr (P::units.repeats > 1) {
            return plan_room::repeats;
        } else if constexpr (!P::units.complete) {
            bool full = P::units.count == unit_list::max_units;
            for (model_unit const& u : P::units.unit) full = full || u.leaves == model_unit::max_leaves;
            return full ? plan_room::units : plan_room::first_name;
        } else if constexpr (count_of(asked_of<Job>{}) > planned_case::max_pins) {
            return plan_room::pins;
        } else {
            for (auto const& one : P::table::all)
                if (!one.complete)
                    return one.count[0] + 1 > 0 && any_core_full(all_classes{}) ? plan_room::parameters
                                                                                : plan_room::ways;
            if (!P::assembled.chain.complete) return P::assembled.blocks_fit ? plan_room::options : plan_room::blocks;
            return P::plan.strategy.exceptions > model_strategy::max_exceptions ? plan_room::exceptions
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
        sort_shares(f, P::of.bound.parameter_memory, ranks_of(P::of));
        f.widens = all.forbidden.mask != 0;
        f.roles = f.widens ? all.forbidden : all.allowed;
        return f;
    }
    static constexpr plan_fault find_needs() {
        constexpr code what = first.fault.what;
        if constexpr (what == code::plan_share || (what == code::plan_pinned && first.fault.axis >= 0))
            return with_needs(all_classes{});
        else
            return first.fault;
    }
    static constexpr plan_fault value = find_needs();
};

/// The job, where blocks may be recomputed.
template <class Job>
struct with_recompute : Job {
    static constexpr shardtype::constraints allow() {
        shardtype::constraints c = Job::constraints;
        c.recompute = true;
        return c;
    }
    static constexpr shardtype::constraints constraints = allow();
};
template <class P, class Job>
struct planning_of;
template <template <class, class> class Planning, class Old, class BackEnd, class Job>
struct planning_of<Planning<Old, BackEnd>, Job> {
    using type = Planning<Job, BackEnd>;
};

/// The model under data parallelism alone, for the rule's own words about what it refuses.
template <class P, class Job>
struct all_data_parallel {
    using mesh_type = typename Job::mesh;
    static constexpr graph value = read_model<typename Job::model>(variant_of(class_policy(P::of.on, 0), 0), Job::batch,
                                                                   P::of.element, P::of.compute);
};

/// A name without what is left of a longer one behind its end, which g++ prints: "output\000\000".
constexpr label printed(label const& name) {
    label clean;
    clean.append(name.data);
    return clean;
}

/// What to write instead, the facts, and the check that they are given to.
template <class P, class Job>
struct plan_report {
    static constexpr plan_fault is = plan_diagnosis<P, Job>::value;
    static constexpr label layer = printed(is.layer), nearest = printed(is.nearest), device = printed(P::plan.hardware);
    using in = failed_layer<layer>;
    using instead = failed_layer<nearest>;
    using on_device = spelled_hardware<device>;

    template <class Fix, class... Facts>
    using check = typename check_of<is.what>::template with<Fix, Facts..., Job>;

    static constexpr auto memory_fix() {
        if constexpr (!P::of.bound.recompute) {
            if constexpr (is_usable<typename planning_of<P, with_recompute<Job>>::type, Job>())
                return write<in_constraints::recompute>{};
            else
                return other_memory_fix();
        } else {
            return other_memory_fix();
        }
    }
    static constexpr auto other_memory_fix() {
        if constexpr (P::plan.memory <= Job::hardware.usable())
            return write<in_constraints::device_memory<P::plan.memory>>{};
        else
            return knobs::more_devices{};
    }
    static constexpr auto memory() {
        constexpr layer_cost most = largest_layer(P::plan).cost;
        return static_cast<check<decltype(memory_fix()), knobs::device_memory<P::of.bound.device_memory>,
                                 in_plan::smallest<P::plan.memory>,
                                 in_plan::most<in, knobs::parameters<most.state>, knobs::activations<most.activations>,
                                               in_plan::window<most.window>>,
                                 on_device>*>(nullptr);
    }

    template <int... I>
    static constexpr auto shares(std::integer_sequence<int, I...>) {
        return write<
            in_constraints::parameter_memory<in_constraints::share<is.share[I].stored, is.share[I].whole>...>>{};
    }
    static constexpr long per_mille(double x) { return static_cast<long>(1000 * x + 0.5); }
    static constexpr auto share_of_parameters() {
        constexpr memory_share asked = P::of.bound.parameter_memory;
        constexpr double high = asked.high > 0 ? asked.high : 1.0 / ranks_of(P::of);
        return static_cast<check<decltype(shares(std::make_integer_sequence<int, is.shares>{})),
                                 in_constraints::between_per_mille<per_mille(asked.low), per_mille(high)>, in>*>(
            nullptr);
    }

    static constexpr auto roles_fix() {
        if constexpr (nearest.size > 0) {
            return write<instead>{};
        } else if constexpr (is.pin >= 0 && P::of.pin[is.pin < 0 ? 0 : is.pin].decides && is.axis < 0) {
            if constexpr (P::of.pin[is.pin].recomputes && !P::of.bound.recompute)
                return write<in_constraints::recompute>{};
            else
                return write<remove_this_pin>{};
        } else if constexpr (is.axis >= 0 && is.roles.mask != 0) {
            using list = spelled_roles<is.roles.mask, typename Job::mesh::template axis_at<is.axis>>;
            if constexpr (is.widens)
                return write<decltype(rename_list<in_constraints::roles>(list{}))>{};
            else
                return write<decltype(rename_list<one_of>(list{}))>{};
        } else if constexpr (is.pin >= 0) {
            return write<remove_this_pin>{};
        } else {
            return no_single_change{};
        }
    }
    static constexpr auto pinned() {
        if constexpr (is.pin >= 0)
            return static_cast<check<decltype(roles_fix()), spelled_pin<Job, is.pin>, in>*>(nullptr);
        else
            return static_cast<check<decltype(roles_fix()), in_constraints::roles<>, in>*>(nullptr);
    }

    static constexpr auto rule_fix() {
        using under = all_data_parallel<P, Job>;
        if constexpr (under::value.says.what == is.refused)
            return typename model_fix<under, Job>::type{};
        else
            return no_single_change{};
    }

    static constexpr auto room() {
        constexpr plan_room r = is.room;
        if constexpr (r == plan_room::first_name)
            return static_cast<check<write<name_first_layer>>*>(nullptr);
        else if constexpr (r == plan_room::repeats)
            return static_cast<check<write<one_repeat>>*>(nullptr);
        else if constexpr (r == plan_room::units)
            return room_of<fewer_layers, tables::max_units, unit_list::max_units>();
        else if constexpr (r == plan_room::pins)
            return room_of<fewer_pins, tables::max_pins, planned_case::max_pins>();
        else if constexpr (r == plan_room::parameters)
            return room_of<fewer_layers, tables::max_parameters, class_core::max_parameters>();
        else if constexpr (r == plan_room::ways)
            return room_of<fewer_roles, tables::options_room, P::room>();
        else if constexpr (r == plan_room::blocks)
            return room_of<fewer_roles, tables::block_options, block_options>();
        else if constexpr (r == plan_room::options)
            return room_of<fewer_roles, tables::options_of_layer, options_of_layer>();
        else if constexpr (r == plan_room::exceptions)
            return room_of<fewer_roles, tables::max_exceptions, model_strategy::max_exceptions>();
        else
            return room_of<fewer_layers, tables::sum_of_times, 61>();
    }
    template <class Narrower, class Table, int Room>
    static constexpr auto room_of() {
        return static_cast<check<write<Narrower>, full_table<Table, Room>>*>(nullptr);
    }

    static constexpr auto spell() {
        if constexpr (is.what == code::plan_memory)
            return memory();
        else if constexpr (is.what == code::plan_share)
            return share_of_parameters();
        else if constexpr (is.what == code::plan_pinned)
            return pinned();
        else if constexpr (is.what == code::plan_layers_unknown)
            return static_cast<check<write<instead>, in>*>(nullptr);
        else if constexpr (is.what == code::plan_layer)
            return static_cast<check<decltype(rule_fix()), refused_by<is.refused>, in>*>(nullptr);
        else
            return room();
    }
};
template <class T>
constexpr auto raise_pointed(T*) {
    return raise<T>();
}
template <class P, class Job>
constexpr auto report_plan() {
    return decltype(raise_pointed(plan_report<P, Job>::spell())){};
}
/// Raises the error of a plan that cannot be used.
template <class P, class Job>
constexpr bool check_plan() {
    if constexpr (!is_usable<P, Job>()) failed<decltype(report_plan<P, Job>())>();
    return true;
}

/// A job whose strategy is no plan: as `checked` says it, without a second error.
template <class P, class Job>
struct refused_job {
    using element = typename element_of<Job>::type;
    using compute = typename compute_of<Job>::type;
    using mesh_type = typename Job::mesh;
    static constexpr graph refused() {
        graph g;
        g.says.what = check_plan<P, Job>() ? code::plan_memory : code::ok;
        g.tokens = g.targets = 0;
        return g;
    }
    static constexpr graph value = refused();
};

}  // namespace detail
}  // namespace shardtype
