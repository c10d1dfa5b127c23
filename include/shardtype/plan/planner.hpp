#pragma once

#include <shardtype/plan/decode.hpp>
#include <shardtype/search/chain_stages.hpp>
#include <shardtype/search/certificate.hpp>

#include <utility>

namespace shardtype {

/// The strategy that the planner has found for a job, to be written where a strategy is: `strategy_of` knows it.
template <class Job>
struct planned {};

namespace detail {

template <class Job>
constexpr void add_pins(planned_case&) {}

template <class Job>
constexpr constraints constraints_of() {
    constraints c;
    if constexpr (requires { Job::constraints; }) c = Job::constraints;
    if (c.device_memory == 0) c.device_memory = Job::hardware.usable();
    return c;
}

/// The planner's work for a job, one constant after the other: compilers count the steps of each.
template <class Job, class BackEnd>
struct planning {
    using model = typename Job::model;
    using operations = typename operations_of<Job>::type;

    static constexpr unit_list units = units_of<model>();
    static constexpr int axes = Job::mesh::axes, classes = power(3, axes), count = units.count;
    static constexpr int room = axes > 2 ? 24 : 16;  // options of a unit in one class

    static constexpr planned_case make_case() {
        planned_case c;
        c.units = units;
        c.on = cluster_of<typename Job::mesh>(Job::hardware);
        c.bound = constraints_of<Job>();
        c.batch = Job::batch;
        c.element = element_type<typename element_of<Job>::type>;
        c.compute = element_type<typename compute_of<Job>::type>;
        c.whole = stream_of<model>(class_policy(c.on, 0), c.batch, c.element, c.compute);
        add_pins<Job>(c);
        return c;
    }
    static constexpr planned_case of = make_case();

    template <int I>
    static constexpr class_core make_core() {
        if constexpr (class_is_considered(of, I))
            return probe_class<model, operations>(class_policy(of.on, I), of.on, of.whole, of.batch, of.element,
                                                  of.compute, BackEnd::scratch, room_of<BackEnd>);
        else
            return class_core{};
    }
    template <int I>
    static constexpr class_core core = make_core<I>();
    template <int I>
    static constexpr class_options<count, room> make_options() {
        if constexpr (class_is_considered(of, I)) {
            return options_of_class<count, room>(of, I, core<I>);
        } else {
            class_options<count, room> none;
            none.uniform.verdict = why_not::forbidden;
            none.uniform.roles = class_policy(of.on, I);
            return none;
        }
    }
    template <int I>
    static constexpr class_options<count, room> options = make_options<I>();

    template <class>
    struct tables;
    template <int... I>
    struct tables<std::integer_sequence<int, I...>> {
        static constexpr class_options<count, room> all[] = {options<I>...};
        static constexpr bool wanted[] = {options<I>.exists...};
        template <int From>
        static constexpr class_edges<classes> edge = edges_from<operations, classes>(of, From, wanted);
        static constexpr class_edges<classes> edges[] = {edge<I>...};
        static constexpr int layouts = (0 + ... + (options<I>.exists ? 1 : 0));
    };
    using table = tables<std::make_integer_sequence<int, classes>>;

    static constexpr int stretches = of.stretches();
    static constexpr int leaves() {
        int n = 0;
        for (int u = 0; u < count; ++u) n += units.unit[u].in_block ? 0 : 1;
        return n;
    }
    static constexpr int kinds = leaves() + (units.repeats > 0 ? stretches : 0);
    static constexpr int positions = leaves() + (units.repeats > 0 ? units.trips : 0);
    static constexpr int layouts = table::layouts > 0 ? table::layouts : 1;
    using problem_type = model_problem<layouts, kinds, 96, positions>;

    static constexpr problem_type make_problem() {
        problem_type p;
        chain_assembler<count, room, classes, layouts, kinds, 96, positions> a{of, table::all, table::edges, p};
        a.run();
        return p;
    }
    static constexpr problem_type assembled = make_problem();
    /// What is searched.
    static constexpr auto problem = assembled.chain;
    static constexpr auto solution = solved<planning>;

    static constexpr model_plan make_plan() {
        model_plan out;
        out.outcome = solution.outcome;
        out.optimal = solution.optimal;
        out.axes = axes;
        for (int a = 0; a < axes; ++a) out.axis_size[a] = of.on.axis_size[a];
        out.hardware.append(of.on.on.name);
        out.budget = of.bound.device_memory;
        out.time = solution.time;
        out.memory = solution.memory * 1024;
        out.certificate = solution.certificate;
        out.tokens = of.batch.global * of.batch.sequence;
        plan_decoder<count, room, classes, problem_type> d{of, table::all, table::edges, assembled, out};
        short choice[positions]{};
        for (int i = 0; i < positions; ++i) choice[i] = solution.choice[i];
        if (solution.time < unreachable) d.add_layers(choice);
        d.add_uniforms();
        return out;
    }
    static constexpr model_plan plan = make_plan();
};

}  // namespace detail

/// The fastest strategy for each layer of a job's model on its mesh and hardware, within its memory, and the proof.
template <class Job, class BackEnd = buffers_only>
inline constexpr model_plan const& plan = detail::planning<Job, BackEnd>::plan;

/// The value of a planned strategy.
template <class Mesh, class Job>
inline constexpr model_strategy strategy_of<Mesh, planned<Job>> = plan<Job>.strategy;

/// The job with the strategy that the planner has found.
template <class Job>
struct planned_job : Job {
    using strategy = planned<Job>;  ///< the plan's
};

}  // namespace shardtype
