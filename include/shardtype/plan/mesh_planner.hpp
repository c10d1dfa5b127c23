#pragma once

#include <shardtype/plan/mesh_walk.hpp>
#include <shardtype/plan/plan_room.hpp>
#include <shardtype/search/chain_search.hpp>

namespace shardtype {

/// The same search at run time, for any world up to 2^14 devices and more. It is large: keep it on the heap.
template <class Model, class BackEnd = buffers_only, class Operations = library_operations>
struct run_time_mesh_planner {
    using types = detail::mesh_types<Model>;       ///< of the model
    using problem_type = typename types::problem;  ///< what the search takes
    static constexpr int max_meshes = 1024;        ///< room

    detail::planned_case asked{};            ///< on no mesh yet
    detail::mesh_order<max_meshes> order{};  ///< all meshes
    mesh_verdict verdict[max_meshes]{};      ///< what became of each
    detail::planned_case of{};               ///< on the mesh in work; behind `find` on the best
    typename types::options options{};       ///< the same
    problem_type assembled{};                ///< the same
    chain_search_state<typename problem_type::chain_type, 2048, 512> search{};  ///< its room, and the solution
    chain_solution<problem_type::positions> solution{};                         ///< of the best

    int world = 0;                     ///< devices, set by `find`
    plan_room full = plan_room::none;  ///< the first room that was too small for a mesh, set by `find`

    /// The best of all meshes of so many devices. Without one `refusal_of` (plan/plan_refusal.hpp) may say why: bounds that
    /// mean nothing, `on_axis`, a world of no devices or of more than `max_meshes` meshes.
    constexpr mesh_choice find(int world_size, hardware const& on, constraints const& bound, batch_shape const& batch,
                               dtype element, dtype compute) {
        asked = detail::case_of<Model>({.on = on}, bound, batch, element, compute);
        order = {};
        world = world_size, full = plan_room::none;
        bool const sound = world_size > 0 && detail::is_sound(asked.on, batch) &&
                           fault_of(bound, on, world_size) == bound_fault::none && !detail::asks_on_axis(bound);
        if (detail::room_of_units(types::units) != plan_room::none) return mesh_choice{};  // [ST-J725]
        if (!sound || meshes_of(world_size) > max_meshes)
            return mesh_choice{};  // [ST-J725], [ST-J726], [ST-J728], [ST-J729]
        for (int tp = 1; tp <= world_size; ++tp)
            if (world_size % tp == 0) order.add_all(world_size, tp, bound_of_ranks(world_size, tp));
        detail::mesh_walk walk;
        for (int i = 0; i < order.count; ++i) verdict[i] = visit(i, walk);
        mesh_choice out;
        walk.tell(out, order.count);
        if (walk.winner < 0) return out;
        out.degrees = order.at[walk.winner];
        state(out.degrees, core(out.degrees.batch_parts(), out.degrees.tp));
        assembled = detail::mesh_problem<types>(of, options, below);
        out.plan = detail::mesh_plan<types>(of, options, assembled, solution);
        return out;
    }

  private:
    long below = unreachable;  // of the best mesh' search

    constexpr detail::class_core core(int batch_parts, int tp) const {
        return detail::mesh_core<Model, Operations, BackEnd>(asked, batch_parts, tp);
    }
    constexpr long bound_of_ranks(int world_size, int tp) const {
        if (!detail::splits_batch_into(asked.batch, world_size / tp)) return unreachable;
        for (int i = 0; i < order.count; ++i)  // fewer ranks that already split something too far
            if (order.bound[i] == unreachable && tp % order.at[i].tp == 0 &&
                detail::splits_batch_into(asked.batch, order.at[i].batch_parts()))
                return unreachable;
        return detail::time_bound(core(world_size / tp, tp), asked);
    }
    constexpr void state(mesh_degrees const& d, detail::class_core const& probed) {
        of = detail::case_on(asked, d);
        options = detail::mesh_options<types>(of, d, probed);
    }
    constexpr mesh_verdict visit(int i, detail::mesh_walk& walk) {
        mesh_degrees const d = order.at[i];
        long const budget = asked.bound.device_memory / 1024;
        mesh_verdict what = walk.judge({order.bound[i], 0}, budget);
        if (what == mesh_verdict::searched) {
            detail::class_core const probed = core(d.batch_parts(), d.tp);
            what = walk.judge({order.bound[i], detail::memory_bound(probed, asked, d)}, budget);
            if (what == mesh_verdict::searched) {
                state(d, probed);
                what = walk.judge(detail::bound_of(options, of), budget);
            }
        }
        if (what != mesh_verdict::searched) {
            walk.skip(what);
            return what;
        }
        assembled = detail::mesh_problem<types>(of, options, walk.best);
        if (full == plan_room::none && !options.complete) full = plan_room::ways;
        if (full == plan_room::none && !assembled.chain.complete) full = detail::room_of_chain(assembled);
        solve(assembled.chain, search);
        long const before = walk.best;
        what = walk.take(i, search.result);
        if (walk.winner == i) solution = search.result, below = before;
        return what;
    }
};

}  // namespace shardtype
