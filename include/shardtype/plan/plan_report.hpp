#pragma once

#include <shardtype/model/checked.hpp>
#include <shardtype/plan/plan_diagnosis.hpp>

// The error of a job that has no plan.
namespace shardtype::detail {

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

    /// A check with the rule that refuses what is asked, if one does.
    template <class Fix, class... Facts>
    static constexpr auto with_rule() {
        if constexpr (is.refused == code::ok)
            return static_cast<check<Fix, Facts...>*>(nullptr);
        else
            return static_cast<check<Fix, Facts..., refused_by<is.refused>>*>(nullptr);
    }

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
    static constexpr auto share_of_parameters() {
        constexpr memory_share asked = P::of.bound.parameter_memory;
        constexpr double high = asked.high > 0 ? asked.high : 1.0 / devices_of(P::of.on);
        return with_rule<decltype(shares(std::make_integer_sequence<int, is.shares>{})),
                         in_constraints::between_per_mille<per_mille(asked.low), per_mille(high)>, in>();
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
            return with_rule<decltype(roles_fix()), spelled_pin<Job, is.pin>, in>();
        else
            return with_rule<decltype(roles_fix()), in_constraints::roles<>, in>();
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
        if constexpr (r == plan_room::no_layers)
            return static_cast<check<write<named_layers>>*>(nullptr);
        else if constexpr (r == plan_room::first_name)
            return static_cast<check<write<name_first_layer>>*>(nullptr);
        else if constexpr (r == plan_room::repeats)
            return static_cast<check<write<one_repeat>>*>(nullptr);
        else if constexpr (r == plan_room::units)
            return room_of<fewer_layers, tables::max_units, unit_list::max_units>();
        else if constexpr (r == plan_room::pins)
            return room_of<fewer_pins, tables::max_pins, planned_case::max_pins>();
        else if constexpr (r == plan_room::masks)
            return room_of<fewer_pins, tables::max_masks, ways_left::max_masks>();
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
        else if constexpr (r == plan_room::layers)
            return room_of<fewer_layers, tables::max_layers, model_plan::max_layers>();
        else
            return room_of<fewer_layers, tables::sum_of_times, 57>();
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
    if constexpr (!is_sound_job<Job>)
        failed<decltype(report_job<Job>())>();
    else if constexpr (!is_usable<P, Job>())
        failed<decltype(report_plan<P, Job>())>();
    return true;
}

template <class Job>
struct mesh_of_job {
    using type = mesh<>;
};
template <class Job>
    requires is_mesh<typename Job::mesh>
struct mesh_of_job<Job> {
    using type = typename Job::mesh;
};
/// A job whose strategy is no plan: as `checked` says it, without a second error.
template <class P, class Job>
struct refused_job {
    using element = typename element_of<Job>::type;
    using compute = typename compute_of<Job>::type;
    using mesh_type = typename mesh_of_job<Job>::type;
    static constexpr graph refused() {
        graph g;
        g.says.what = check_plan<P, Job>() ? code::plan_memory : code::ok;
        g.tokens = g.targets = 0;
        return g;
    }
    static constexpr graph value = refused();
};

}  // namespace shardtype::detail
