#pragma once

#include <shardtype/model/job_strategy.hpp>
#include <shardtype/plan/job_checks.hpp>
#include <shardtype/plan/mesh_walk.hpp>
#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_stages.hpp>

namespace shardtype {
namespace detail {

/// The search over meshes in the compiler: constants for what meshes share, then one after the other for each mesh.
template <class Job, class BackEnd>
struct mesh_planning {
    using model = typename Job::model;
    using operations = typename operations_of<Job>::type;
    using types = mesh_types<model>;
    static constexpr int world_size = Job::world_size, meshes = meshes_of(world_size);

    static constexpr planned_case make_case() {
        return case_of<model>({.on = Job::hardware}, bounds_asked<Job>(), Job::batch,
                              element_type<typename element_of<Job>::type>,
                              element_type<typename compute_of<Job>::type>);
    }
    static constexpr planned_case asked = make_case();

    template <int Tensors>
    static constexpr class_core core = mesh_core<model, operations, BackEnd>(asked, world_size / Tensors, Tensors);
    /// Whether fewer tensor ranks already split something too far. What they split is split by a multiple of them too.
    template <int Tensors, int Fewer = 1>
    static constexpr bool is_too_many() {
        if constexpr (2 * Fewer > Tensors)
            return false;
        else if constexpr (Tensors % Fewer == 0 && splits_batch_into(asked.batch, world_size / Fewer))
            return bound<Fewer> == unreachable || is_too_many<Tensors, Fewer + 1>();
        else
            return is_too_many<Tensors, Fewer + 1>();
    }
    template <int Tensors>
    static constexpr long bound_of_ranks() {
        if constexpr (!splits_batch_into(asked.batch, world_size / Tensors) || is_too_many<Tensors>())
            return unreachable;
        else
            return time_bound(core<Tensors>, asked);
    }
    template <int Tensors>
    static constexpr long bound = bound_of_ranks<Tensors>();

    template <int Tensors>
    static constexpr void add_meshes(mesh_order<meshes>& to) {
        to.add_all(world_size, Tensors, bound<Tensors>);
        add_meshes_from<Tensors + 1>(to);
    }
    template <int From>
    static constexpr int next_divisor() {
        int n = From;
        while (n <= world_size && world_size % n != 0) ++n;
        return n;
    }
    template <int From>
    static constexpr void add_meshes_from(mesh_order<meshes>& to) {
        if constexpr (From <= world_size) add_meshes<next_divisor<From>()>(to);
    }
    static constexpr mesh_order<meshes> make_order() {
        mesh_order<meshes> all;
        add_meshes_from<1>(all);
        return all;
    }
    static constexpr mesh_order<meshes> order = make_order();

    /// One mesh.
    template <int I>
    struct on_mesh {
        static constexpr mesh_degrees degrees = order.at[I];
        static constexpr planned_case of = case_on(asked, degrees);
        static constexpr typename types::options options = mesh_options<types>(of, degrees, core<degrees.tp>);
        static constexpr mesh_bound bound = bound_of(options, of);
    };
    /// What is known before mesh I.
    template <int I>
    static constexpr mesh_walk up_to() {
        if constexpr (I == 0)
            return mesh_walk{};
        else
            return next_walk<I - 1>();
    }
    template <int I>
    static constexpr mesh_walk before = up_to<I>();
    /// One that is searched for what is faster than those before it.
    template <int I>
    struct search_on {
        static constexpr auto assembled =
            mesh_problem<types>(on_mesh<I>::of, on_mesh<I>::options, mesh_planning::template before<I>.best);
        static constexpr auto problem = assembled.chain;
        static constexpr auto solution = solved<search_on, 2048, 512>;
    };
    template <int I>
    static constexpr mesh_walk next_walk() {
        mesh_walk w = before<I>;
        constexpr long budget = asked.bound.device_memory / 1024;
        if constexpr (order.bound[I] >= before<I>.best) {
            w.skip(before<I>.judge({order.bound[I], 0}, budget));
        } else {
            constexpr mesh_degrees d = order.at[I];
            constexpr mesh_verdict first =
                before<I>.judge({order.bound[I], memory_bound(core<d.tp>, asked, d)}, budget);
            if constexpr (first != mesh_verdict::searched) {
                w.skip(first);
            } else {
                constexpr mesh_verdict then = before<I>.judge(on_mesh<I>::bound, budget);
                if constexpr (then != mesh_verdict::searched)
                    w.skip(then);
                else
                    (void)w.take(I, search_on<I>::solution);
            }
        }
        return w;
    }
    static constexpr mesh_choice choose() {
        mesh_choice out;
        constexpr mesh_walk last = before<meshes>;
        last.tell(out, meshes);
        if constexpr (last.winner >= 0) {
            using found = search_on<last.winner>;
            using mesh = on_mesh<last.winner>;
            out.degrees = mesh::degrees;
            out.plan = mesh_plan<types>(mesh::of, mesh::options, found::assembled, found::solution);
        }
        return out;
    }
    static constexpr mesh_choice best = choose();
};
/// Of a job that lacks something: its error, and no mesh.
template <class Job, class BackEnd>
    requires(!is_sound_mesh_job<Job>)
struct mesh_planning<Job, BackEnd> {
    static constexpr mesh_choice refused() {
        failed<decltype(report_mesh_job<Job>())>();
        return mesh_choice{};
    }
    static constexpr mesh_choice best = refused();
};

}  // namespace detail

/// The best of all meshes of `Job::world_size` devices, `Job::hardware.devices_per_node` to a machine: dp_replicate as DDP,
/// dp_shard as ZeRO or FSDP, tp as sequence parallelism, and the plan there. `Job` has `world_size` in the place of `mesh`,
/// and else what `plan` takes but pins.
/// @pre the job has all of these [ST-J726], [ST-J728], and neither pins nor `on_axis` [ST-J729]
template <class Job, class BackEnd = buffers_only>
inline constexpr mesh_choice const& best_mesh = detail::mesh_planning<Job, BackEnd>::best;

/// Marks the strategy of the best mesh.
template <class Job>
struct planned_with_mesh {};

template <class Mesh, class Job>
inline constexpr model_strategy strategy_of<Mesh, planned_with_mesh<Job>> = best_mesh<Job>.plan.strategy;

/// The job on its best mesh with the plan found there. @pre best_mesh<Job>.plan.optimal
template <class Job>
struct job_on_best_mesh : Job {
    static_assert(best_mesh<Job>.plan.optimal || !detail::is_sound_mesh_job<Job>,
                  "no mesh of so many devices has a plan: best_mesh<Job>.plan.memory is the smallest, .illegal and "
                  ".infeasible say how many meshes the rules and the memory refuse");
    /// Of the axes `dp_replicate`, `dp_shard`, `tp` those of more than one device.
    using mesh = typename detail::job_axes<best_mesh<Job>.degrees.dp_replicate, best_mesh<Job>.degrees.dp_shard,
                                           best_mesh<Job>.degrees.tp, best_mesh<Job>.degrees.tp>::mesh;
    using strategy = planned_with_mesh<Job>;  ///< the plan's
};

/// A plan that was found at run time, as a constant: what a program writes and `saved_mesh_fault` checks.
template <int Positions>
struct saved_mesh_plan {
    mesh_degrees degrees{};                ///< of the mesh
    chain_solution<Positions> solution{};  ///< one option per layer, and the proof
};

namespace detail {
template <class Job, class BackEnd, auto const& Saved>
struct saved_mesh {
    using of_job = mesh_planning<Job, BackEnd>;
    using types = typename of_job::types;
    static constexpr mesh_degrees degrees = Saved.degrees;
    static constexpr planned_case of = case_on(of_job::asked, degrees);
    static constexpr typename types::options options =
        mesh_options<types>(of, degrees, of_job::template core<degrees.tp>);
    static constexpr auto problem = mesh_problem<types>(of, options, unreachable).chain;
    static constexpr auto const& solution = Saved.solution;
};
}  // namespace detail

/// What is wrong with a saved plan for `Job`: a compiler states its mesh' problem anew and checks the proof that no plan on
/// this mesh is faster. (Of other meshes it says nothing.) `Saved`: an object of static storage.
template <class Job, auto const& Saved, class BackEnd = buffers_only>
inline constexpr certificate_fault saved_mesh_fault = checked_certificate<detail::saved_mesh<Job, BackEnd, Saved>>;

}  // namespace shardtype
