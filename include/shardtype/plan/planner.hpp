#pragma once

#include <shardtype/plan/plan_report.hpp>
#include <shardtype/plan/planning.hpp>
#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_stages.hpp>

#include <utility>

namespace shardtype {

/// The strategy that the planner has found for a job, to be written where a strategy is: `strategy_of` knows it.
template <class Job>
struct planned {};

namespace detail {

template <class... Axes>
constexpr void add_axis_roles(constraints& c, mesh<Axes...>) {
    int a = 0;
    (void)((c.on_axis[a].mask == 0 ? c.on_axis[a] = roles_of_axis<Axes> : c.on_axis[a], ++a), ...);
}

template <class Job>
constexpr constraints constraints_of() {
    constraints c = bounds_asked<Job>();
    add_axis_roles(c, typename Job::mesh{});
    return c;
}

/// The planner's work for a job, one constant after the other: compilers count the steps of each.
template <class Job, class BackEnd>
struct planning {
    using model = typename Job::model;
    using operations = typename operations_of<Job>::type;

    static constexpr unit_list units = units_of<model>();
    static constexpr int axes = Job::mesh::axes, count = units.count > 0 ? units.count : 1;
    static constexpr int room = options_room(axes);

    static constexpr planned_case make_case() {
        planned_case c =
            case_of<model>(cluster_of<typename Job::mesh>(Job::hardware), constraints_of<Job>(), Job::batch,
                           element_type<typename element_of<Job>::type>, element_type<typename compute_of<Job>::type>);
        add_pins<Job>(c);
        if (c.pins > planned_case::max_pins) c.pins = planned_case::max_pins;  // [ST-J725]
        add_axis_names(c, typename Job::mesh{});
        return c;
    }
    static constexpr planned_case of = make_case();

    static constexpr int classes = classes_of(of) > 0 ? classes_of(of) : 1;

    template <int I>
    static constexpr int number = class_number(of, I);
    template <int I>
    static constexpr class_core core = core_of<model, operations>(of, number<I>, BackEnd::scratch, room_of<BackEnd>);
    template <int I, int Part>
    static constexpr class_options<count, room> options_up_to() {
        if constexpr (Part == 0)
            return options_of_class<count, room>(of, number<I>, core<I>, {}, 0);
        else
            return options_of_class<count, room>(of, number<I>, core<I>, options_part<I, Part - 1>, Part);
    }
    template <int I, int Part>
    static constexpr class_options<count, room> options_part = options_up_to<I, Part>();
    template <int I>
    static constexpr class_options<count, room> options = options_part<I, parts_of_class(of, number<I>) - 1>;

    template <class>
    struct tables;
    template <int... I>
    struct tables<std::integer_sequence<int, I...>> {
        static constexpr class_options<count, room> all[classes] = {options<I>...};
        static constexpr int numbers[classes] = {number<I>...};
        static constexpr bool wanted[classes] = {options<I>.exists...};
        template <int From>
        static constexpr class_edges<classes> edge = edges_from<classes>(of, From, numbers, wanted);
        static constexpr class_edges<classes> edges[classes] = {edge<I>...};
        static constexpr int layouts = (0 + ... + (options<I>.exists ? 1 : 0));
    };
    using table = tables<std::make_integer_sequence<int, classes>>;

    static constexpr int layouts = table::layouts > 0 ? table::layouts : 1;
    static constexpr boundary_layouts<layouts> between = boundaries<layouts>(table::all, table::edges);

    template <int K>
    static constexpr layer_kind kind = kind_of_chain(of, table::all, K);
    template <int K, int Layout>
    static constexpr kind_options<options_of_layer> kind_up_to() {
        if constexpr (Layout == 0)
            return with_layout<block_options>(of, table::all, table::edges, between, kind<K>, 0,
                                              kind_options<options_of_layer>{});
        else
            return with_layout<block_options>(of, table::all, table::edges, between, kind<K>, Layout,
                                              ways_of<K, Layout - 1>);
    }
    template <int K, int Layout = layouts - 1>
    static constexpr kind_options<options_of_layer> ways_of = kind_up_to<K, Layout>();

    template <class>
    struct stated;
    template <int... K>
    struct stated<std::integer_sequence<int, K...>> {
        static constexpr int counts[sizeof...(K)] = {ways_of<K>.count...};
        static constexpr int positions = (0 + ... + kind<K>.count);
        static constexpr int most() {
            int n = 1;
            for (int const c : counts) n = c > n ? c : n;
            return n;
        }
        static constexpr auto make() {
            auto p = problem_without_layers<model_problem<layouts, sizeof...(K), most(), positions>>(of, between,
                                                                                                     table::all);
            (void)(p.add(kind<K>, ways_of<K>), ...);
            return p;
        }
    };
    static constexpr auto assembled = stated<std::make_integer_sequence<int, kinds_of(of)>>::make();

    /// What is searched, and what was found.
    static constexpr auto problem = assembled.chain;
    /// Layers that share a parameter are tried in one layout after the other.
    template <int G>
    static constexpr long time_before() {
        if constexpr (G == 0)
            return unreachable;
        else
            return found(tied_solution<G - 1>) ? tied_solution<G - 1>.time : unreachable;
    }
    template <int G>
    struct tied_case {
        static constexpr auto problem = assembled.tied_in(G, time_before<G>());
    };
    template <int G>
    static constexpr auto best_up_to() {
        if constexpr (G == 0)
            return solved<tied_case<0>>;
        else
            return better_of(tied_solution<G - 1>, solved<tied_case<G>>);
    }
    template <int G>
    static constexpr auto tied_solution = best_up_to<G>();
    static constexpr auto find() {
        if constexpr (assembled.any_tied())
            return tied_solution<layouts - 1>;
        else
            return solved<planning>;
    }
    static constexpr auto solution = find();
    static constexpr model_plan plan = decode(of, table::all, table::edges, assembled, solution);
};

/// Of a job that lacks something: its error, and no plan.
template <class Job, class BackEnd>
    requires(!is_sound_job<Job>)
struct planning<Job, BackEnd> {
    static constexpr model_plan refused() {
        failed<decltype(report_job<Job>())>();
        return model_plan{};
    }
    static constexpr model_plan plan = refused();
};

/// Whose kernels' scratch counts: the job's `back_end`, or none.
template <class Job>
struct planned_back_end {
    using type = buffers_only;
};
template <class Job>
    requires requires { typename Job::back_end; }
struct planned_back_end<Job> {
    using type = typename Job::back_end;
};
template <class Job>
using planned_back_end_t = typename planned_back_end<Job>::type;

}  // namespace detail

/// The fastest strategy for each layer of a job's model on its mesh and hardware, within its memory, and the proof. A job's
/// `using back_end = cpu_back_end` counts the scratch of its kernels.
template <class Job, class BackEnd = detail::planned_back_end_t<Job>>
inline constexpr model_plan const& plan = detail::planning<Job, BackEnd>::plan;

/// That there is a plan which a schedule can be made of: `static_assert(has_plan<job>)`. To ask without an error:
/// `plan<job>.optimal`.
/// @pre the constraints can be kept [ST-J720] to [ST-J724], the planner has room for the job [ST-J725], and the job has what
/// a plan is made from [ST-J726], [ST-J727], [ST-J728]
template <class Job, class BackEnd = detail::planned_back_end_t<Job>>
inline constexpr bool has_plan = detail::check_plan<detail::planning<Job, BackEnd>, Job>();

/// The value of a planned strategy. @pre has_plan<Job>
template <class Mesh, class Job>
inline constexpr model_strategy strategy_of<Mesh, planned<Job>> = has_plan<Job> ? plan<Job>.strategy : model_strategy{};

namespace detail {
template <class Strategy>
inline constexpr bool is_refused = false;
template <class Job>
inline constexpr bool is_refused<planned<Job>> = !is_usable<planning<Job, planned_back_end_t<Job>>, Job>();
template <class Job>
refused_job<planning<Job, planned_back_end_t<Job>>, Job> refused_as(planned<Job>*);
}  // namespace detail

/// A job whose strategy is a plan that there is not: its error is the plan's.
template <class Job>
    requires detail::is_refused<typename Job::strategy>
struct checked<Job> : decltype(detail::refused_as(static_cast<typename Job::strategy*>(nullptr))) {
};

/// The job with the strategy that the planner has found. @pre has_plan<Job>
template <class Job>
struct planned_job : Job {
    using strategy = planned<Job>;  ///< the plan's
};

}  // namespace shardtype
