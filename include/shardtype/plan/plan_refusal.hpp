#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/plan/mesh_planner.hpp>
#include <shardtype/plan/plan_room.hpp>

namespace shardtype {

/// Why a planner gave an `invalid` plan at run time: what the compiler says of a job with a number.
struct plan_refusal {
    /// `plan_job`, `plan_bounds`, `plan_room`, `plan_layers_unknown`, `plan_pinned` or `plan_mesh_pins`; ok: it is not refused
    code what = code::ok;
    batch_fault of_batch = batch_fault::none;           ///< of
    batch_shape batch{};                                ///< the batch
    hardware_fault of_hardware = hardware_fault::none;  ///< of the devices
    cluster_fault of_mesh = cluster_fault::none;        ///< of
    cluster mesh{};                                     ///< the mesh, which has
    int most_axes = max_axes;                           ///< at most so many axes
    bound_fault bound = bound_fault::none;              ///< of these:
    constraints asked{};                                ///< the constraints
    hardware on{};                                      ///< the devices
    int ranks = 1;                                      ///< how many
    int axes = max_axes;                                ///< of their mesh
    plan_room room = plan_room::none;                   ///< that is too small
    long holds = 0;                                     ///< its room
    label pinned{};                                     ///< the layers that a pin names
    label nearest{};                                    ///< what to write for them

    /// Whether there is something to say.
    constexpr explicit operator bool() const { return what != code::ok; }
    /// One line, without its end.
    constexpr void put(text_sink& out) const {
        if (what == code::plan_job) put_job(out);
        if (what == code::plan_bounds) detail::put_bound_fault(out, bound, asked, on, ranks, axes);
        if (what == code::plan_room) detail::put_full_room(out, room, holds);
        if (what == code::plan_layers_unknown || what == code::plan_pinned) put_pin(out);
        if (what == code::plan_mesh_pins)
            out.put("constraints::on_axis would have no effect: the axes of the best mesh are not known [ST-J729]");
    }

  private:
    constexpr void put_job(text_sink& out) const {
        if (of_batch != batch_fault::none)
            detail::put_member(out, detail::words_of(of_batch, batch));
        else if (of_hardware != hardware_fault::none)
            detail::put_member(out, detail::words_of(of_hardware, on));
        else if (of_mesh != cluster_fault::none)
            detail::put_cluster_fault(out, of_mesh, mesh, most_axes);
        else
            detail::put_member(out, {"world_size", ranks, "at least 1"});
    }
    constexpr void put_pin(text_sink& out) const {
        bool const unknown = what == code::plan_layers_unknown;
        out.put(unknown ? "a strategy is pinned to " : "whether layers are recomputed is pinned to ");
        out.put(pinned);
        out.put(unknown ? ", which the model does not have" : ", which is no whole block");
        if (nearest.size > 0) out.put("; write "), out.put(nearest);
        out.put(unknown ? " [ST-J723]" : " [ST-J722]");
    }
};

namespace detail {

constexpr plan_refusal refused_job(planned_case const& of, int most_axes) {
    plan_refusal r;
    r.of_batch = fault_of(of.batch), r.of_hardware = fault_of(of.on.on), r.of_mesh = fault_of(of.on, most_axes);
    if (is_sound(of.on, of.batch, most_axes)) return r;
    r.what = code::plan_job;
    r.batch = of.batch, r.mesh = of.on, r.on = of.on.on, r.most_axes = most_axes;
    return r;
}
constexpr plan_refusal refused_world(int world_size) {
    plan_refusal r;
    if (world_size < 1) r.what = code::plan_job, r.ranks = world_size;
    return r;
}
constexpr plan_refusal refused_bounds(constraints const& c, hardware const& on, int ranks, int axes) {
    plan_refusal r;
    r.bound = fault_of(c, on, ranks, axes);
    if (r.bound != bound_fault::none)
        r.what = code::plan_bounds, r.asked = c, r.on = on, r.ranks = ranks, r.axes = axes;
    return r;
}
constexpr plan_refusal refused_pins(planned_case const& of) {
    plan_fault const f = fault_of_pins(of);
    plan_refusal r;
    r.what = f.what, r.pinned = f.layer, r.nearest = f.nearest;
    return r;
}
constexpr plan_refusal refused_room(plan_room room, long holds) {
    plan_refusal r;
    r.what = code::plan_room, r.room = room, r.holds = holds;
    return r;
}

}  // namespace detail

/// Why `found`, what this planner's `find` gave, is `invalid`. Where it is not, there is nothing to say.
template <class Model, int Axes, class BackEnd, class Operations, int Stretches>
constexpr plan_refusal refusal_of(run_time_planner<Model, Axes, BackEnd, Operations, Stretches> const& p,
                                  model_plan const& found) {
    using planner = run_time_planner<Model, Axes, BackEnd, Operations, Stretches>;
    if (found.outcome != chain_outcome::invalid) return {};
    plan_refusal const job = detail::refused_job(p.of, Axes);
    if (job) return job;
    plan_refusal const bounds =
        detail::refused_bounds(p.of.bound, p.of.on.on, detail::devices_of(p.of.on), p.of.on.axes);
    if (bounds) return bounds;
    plan_room const of_units = detail::room_of_units(planner::units);
    if (of_units != plan_room::none) return detail::refused_room(of_units, unit_list::max_units);
    if (p.of.pins > detail::planned_case::max_pins)
        return detail::refused_room(plan_room::pins, detail::planned_case::max_pins);
    plan_refusal const pins = detail::refused_pins(p.of);
    if (pins) return pins;
    if (p.of.stretches() > Stretches) return detail::refused_room(plan_room::stretches, Stretches);
    for (auto const& one : p.all) {
        if (one.complete) continue;
        bool const whole =
            detail::core_of<Model, Operations>(p.of, one.number, BackEnd::scratch, detail::room_of<BackEnd>).complete;
        return whole ? detail::refused_room(plan_room::ways, detail::options_room(Axes))
                     : detail::refused_room(plan_room::parameters, detail::class_core::max_parameters);
    }
    if (!p.assembled.chain.complete) {
        plan_room const r = detail::room_of_chain(p.assembled);
        return detail::refused_room(
            r, r == plan_room::options ? planner::problem_type::options : detail::run_time_block_options);
    }
    if (found.strategy.exceptions > model_strategy::max_exceptions)
        return detail::refused_room(plan_room::exceptions, model_strategy::max_exceptions);
    if (found.layers == model_plan::max_layers) return detail::refused_room(plan_room::layers, model_plan::max_layers);
    return detail::refused_room(plan_room::sums, 57);
}

/// The same of the best mesh; also where one mesh among others had no room, which could have been the best.
template <class Model, class BackEnd, class Operations>
constexpr plan_refusal refusal_of(run_time_mesh_planner<Model, BackEnd, Operations> const& p, mesh_choice const&) {
    using planner = run_time_mesh_planner<Model, BackEnd, Operations>;
    plan_refusal const job = detail::refused_job(p.asked, max_axes), world = detail::refused_world(p.world);
    if (job || world) return job ? job : world;
    plan_refusal const bounds = detail::refused_bounds(p.asked.bound, p.asked.on.on, p.world, max_axes);
    if (bounds) return bounds;
    if (detail::asks_on_axis(p.asked.bound)) {
        plan_refusal r;
        r.what = code::plan_mesh_pins;
        return r;
    }
    if (meshes_of(p.world) > planner::max_meshes) return detail::refused_room(plan_room::meshes, planner::max_meshes);
    plan_room const of_units = detail::room_of_units(planner::types::units);
    if (of_units != plan_room::none) return detail::refused_room(of_units, unit_list::max_units);
    long const holds = p.full == plan_room::ways      ? detail::mesh_unit_room
                       : p.full == plan_room::options ? detail::mesh_options_room
                                                      : detail::mesh_block_room;
    return p.full != plan_room::none ? detail::refused_room(p.full, holds) : plan_refusal{};
}

}  // namespace shardtype
