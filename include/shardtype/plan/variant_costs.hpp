#pragma once

#include <shardtype/plan/parameter_cost.hpp>
#include <shardtype/plan/planned_case.hpp>

namespace shardtype::detail {

/// What the parameters of each unit cost under one policy.
struct unit_costs {
    parameter_cost unit[unit_list::max_units]{};
    bool stored[unit_list::max_units]{};  ///< false: the unit is not legal, or they cannot be stored so
};

/// Prices the policies of one class, one after the other.
struct variant_prober {
    class_core const& core;
    graph g{};
    schedule_builder b{};
    lowerer l;
    parameter_prober prober;

    constexpr variant_prober(planned_case const& of, placement_policy const& probed, class_core const& found)
        : core(found), l(g, b, &no_scratch, nullptr), prober{g, b, l, of.on} {
        g.policy = probed, g.element = of.element, g.compute = of.compute;
        b.micro_batches = of.batch.micro_batches > 1;
    }
    variant_prober(variant_prober const&) = delete;

    constexpr unit_costs costs(placement_policy const& p, int units) {
        parameter_cost cost[class_core::max_parameters]{};
        bool stores[class_core::max_parameters]{};
        short parameters = 0;
        for (unit_core const& c : core.unit)
            if (c.legal && c.end_parameter > parameters) parameters = c.end_parameter;
        prober.routes = 0;
        for (short k = 0; k < parameters; ++k) {
            short const as = core.parameter[k].as;
            if (as >= 0)
                cost[k] = cost[as], stores[k] = stores[as];
            else
                stores[k] = prober.add(core.parameter[k], p, cost[k]);
            b.says = {};
        }
        unit_costs out;
        for (int u = 0; u < units; ++u) {
            unit_core const& c = core.unit[u];
            out.stored[u] = c.legal;
            for (short k = c.first_parameter; k < c.end_parameter && out.stored[u]; ++k) {
                out.stored[u] = stores[k];
                out.unit[u].add(cost[k]);
            }
            if (out.stored[u]) prober.add_update(out.unit[u]);
        }
        return out;
    }
};

}  // namespace shardtype::detail
