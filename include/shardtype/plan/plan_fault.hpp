#pragma once

#include <shardtype/model/nearest_name.hpp>
#include <shardtype/plan/class_options.hpp>
#include <shardtype/plan/plan_room.hpp>

// Why there is no plan: what an error says. Looked for only where there is none.
namespace shardtype::detail {

/// A part of a whole.
struct part_of {
    long stored = 0, whole = 1;
    constexpr bool operator==(part_of const&) const = default;
};

/// Why a plan cannot be used, and what would do.
struct plan_fault {
    static constexpr int max_shares = 8;

    code what = code::ok;
    label layer{};                // that has no strategy
    label nearest{};              // to a name that no layer has
    code refused = code::ok;      // the rule against the layer's ways that would do; ok: none
    int pin = -1;                 // that leaves no strategy; -1: `constraints::roles`
    int axis = -1;                // that it is about
    role_set roles{};             // that this axis could have
    bool widens = false;          // `constraints` would have to allow them
    part_of share[max_shares]{};  // what a rank can store of the layer, the nearest to what is asked first
    int shares = 0;
    plan_room room = plan_room::none;
};

/// A layer that the model has, for a name that none has.
constexpr label nearest_unit(unit_list const& units, label const& wanted) {
    nearest_name nearest(of_any_trip(wanted));
    label alike;
    int most = -1;
    for (int u = 0; u < units.count; ++u)
        for (int i = 0; i < units.unit[u].leaves; ++i) {
            label name;
            name_parts parts{units.unit[u].leaf[i].data};
            for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
                append(name, p);
                nearest.consider(name);
                int const common = in_common(nearest.wanted, name);
                if (common > most) most = common, alike = name;
            }
        }
    return of_trips(nearest.found.size > 0 ? nearest.found : alike, wanted, units.trips);
}

/// Whether pin k is about trips that the repeat does not have.
constexpr bool beyond_trips(planned_case const& of, int k) {
    trip_range const t = trips_named(of.pin[k].layers, of.units.repeat);
    return t.end > of.units.trips || t.first > t.end;
}
/// Pins that no layer has the name of, and those about recomputing which are not of whole blocks.
constexpr plan_fault fault_of_pins(planned_case const& of) {
    plan_fault f;
    for (int k = 0; k < of.pins && f.what == code::ok; ++k) {
        layer_pin const& pin = of.pin[k];
        bool any = false, block = false, all = true;
        for (int u = 0; u < of.units.count; ++u) {
            bool const here = of.names(k, u);
            any = any || here;
            if (of.units.unit[u].in_block) block = block || here, all = all && here;
        }
        f.pin = k, f.layer = pin.layers;
        if (!any || beyond_trips(of, k)) {
            f.what = code::plan_layers_unknown;
            f.nearest = nearest_unit(of.units, pin.layers);
        } else if (pin.decides && ((block && !all) || (!block && pin.recomputes))) {
            f.what = code::plan_pinned;
            f.nearest = of.units.repeat;
            f.nearest.append("*");
            f.nearest = of_trips(f.nearest, pin.layers, of.units.trips);
        }
    }
    return f;
}

/// How far a share is from what is asked.
constexpr double distance(memory_share const& asked, int ranks, part_of const& s) {
    double const share = static_cast<double>(s.stored) / static_cast<double>(s.whole);
    double const high = asked.high > 0 ? asked.high : 1.0 / ranks;
    return share < asked.low ? asked.low - share : share > high ? share - high : 0;
}
constexpr void sort_shares(plan_fault& f, memory_share const& asked, int ranks) {
    for (int i = 1; i < f.shares; ++i)
        for (int k = i; k > 0 && distance(asked, ranks, f.share[k]) < distance(asked, ranks, f.share[k - 1]); --k) {
            part_of const s = f.share[k];
            f.share[k] = f.share[k - 1], f.share[k - 1] = s;
        }
}

/// What holds most of a plan's memory.
constexpr planned_layer largest_layer(model_plan const& p) {
    planned_layer found;
    for (int i = 0; i < p.layers; ++i)
        if (i == 0 || p.layer[i].cost.memory() + p.layer[i].cost.window > found.cost.memory() + found.cost.window)
            found = p.layer[i];
    return found;
}

}  // namespace shardtype::detail
