#pragma once

#include <shardtype/plan/class_probe.hpp>
#include <shardtype/plan/job_faults.hpp>
#include <shardtype/plan/planned_case.hpp>

namespace shardtype::detail {

/// What a model is to be planned for, but for pins and the names of axes. Where the cluster has no axes yet, meshes are.
/// Numbers that nothing can be reckoned with [ST-J726] are only written down.
template <class Model>
constexpr planned_case case_of(cluster const& on, constraints const& bound, batch_shape const& batch, dtype element,
                               dtype compute) {
    planned_case c;
    c.units = units_of<Model>();
    c.on = on;
    c.bound = bound;
    if (c.bound.device_memory == 0) c.bound.device_memory = on.on.usable();
    c.batch = batch;
    c.element = element, c.compute = compute;
    if (!is_sound(on, batch)) return c;
    placement_policy nothing_split = class_policy(on, 0);
    for (int a = 0; a < on.axes; ++a) nothing_split.on[a] = role::none;
    graph g = empty_graph(nothing_split, batch, element, compute);
    class_core core;
    unit_reader all(g, core, layout{});
    visit_layer<Model>(all);
    c.whole = all.stream;
    c.shares_parameters = tied_units(g, all) != 0;
    return c;
}

}  // namespace shardtype::detail
