#pragma once

#include <shardtype/plan/options_of_class.hpp>
#include <shardtype/plan/plan_fault.hpp>

// Which layer has no strategy, and what is in its way.
namespace shardtype::detail {

/// A way to run a unit: how the mesh is used, and what a rank stores of its matrices.
struct unit_way {
    int unit = 0;
    placement_policy const& roles;
    parameter_cost const& cost;
};

/// Visits every way that the rules take, whether the constraints allow it or not; `refuse`, if there, those they do not.
template <class Visitor>
constexpr void visit_ways(planned_case const& of, int number, class_core const& core, Visitor& visitor) {
    placement_policy const probed = class_policy(of.on, number);
    variant_prober prober(of, probed, core);
    for (int v = 0; v < variants_of(probed); ++v) {
        placement_policy const p = variant_of(probed, v);
        unit_costs const costs = prober.costs(p, of.units.count);
        for (int u = 0; u < of.units.count; ++u) {
            unit_core const& c = core.unit[u];
            if (costs.stored[u]) visitor.visit({u, p, costs.unit[u]});
            if constexpr (requires { visitor.refuse(u, p, code::ok); })
                if (!costs.stored[u]) visitor.refuse(u, p, c.legal ? code::layer_not_divisible : c.why);
        }
    }
}

/// What the constraints leave of a unit's ways, one after the other.
struct ways_left {
    static constexpr int max_masks = 24;

    bool legal = false, allowed = false, shared = false;
    unsigned mask[max_masks]{};  // the pins that a way keeps to which all constraints allow
    int masks = 0;
    bool complete = true;  // false: more masks than room

    constexpr void add(unsigned pins) {
        for (int i = 0; i < masks; ++i)
            if ((pins & ~mask[i]) == 0) return;
        int kept = 0;
        for (int i = 0; i < masks; ++i)
            if ((mask[i] & ~pins) != 0) mask[kept++] = mask[i];
        masks = kept;
        complete = complete && masks < max_masks;
        if (masks < max_masks) mask[masks++] = pins;
    }
    constexpr void add(ways_left const& b) {
        legal = legal || b.legal, allowed = allowed || b.allowed, shared = shared || b.shared;
        complete = complete && b.complete;
        for (int i = 0; i < b.masks; ++i) add(b.mask[i]);
    }
    constexpr bool keeps(unsigned asked) const {
        bool any = false;
        for (int i = 0; i < masks; ++i) any = any || (asked & ~mask[i]) == 0;
        return any;
    }
};
/// The ways of all units in one class.
struct class_ways {
    ways_left unit[unit_list::max_units]{};
};
struct ways_counter {
    planned_case const& of;
    class_ways& out;
    constexpr void visit(unit_way const& w) {
        ways_left& left = out.unit[w.unit];
        left.legal = true;
        if (!allowed(w.roles, of.bound)) return;
        left.allowed = true;
        if (!within(of.bound.parameter_memory, w.cost, devices_of(of.on))) return;
        left.shared = true;
        left.add(of.satisfied(w.unit, w.roles));
    }
};
constexpr class_ways ways_of_class(planned_case const& of, int number, class_core const& core) {
    class_ways out;
    ways_counter v{of, out};
    visit_ways(of, number, core, v);
    return out;
}

/// What one unit could have: the shares that a rank can store; roles of an axis under which it keeps to other pins.
struct unit_needs {
    part_of share[plan_fault::max_shares]{};
    int shares = 0;
    role_set allowed{}, forbidden{};

    constexpr void add(part_of const& s) {
        bool known = shares == plan_fault::max_shares;
        for (int i = 0; i < shares; ++i) known = known || share[i] == s;
        if (!known) share[shares++] = s;
    }
};
struct needs_collector {
    planned_case const& of;
    plan_fault const& about;
    int unit;
    unsigned others;  // pins that it keeps to besides
    unit_needs& out;

    constexpr void visit(unit_way const& w) {
        if (w.unit != unit) return;
        bool const is_allowed = allowed(w.roles, of.bound);
        if (is_allowed && w.cost.whole > 0) {
            long a = w.cost.stored, b = w.cost.whole;
            for (long rest = a % b; rest != 0; rest = a % b) a = b, b = rest;
            out.add({w.cost.stored / b, w.cost.whole / b});
        }
        if (about.axis < 0 || !within(of.bound.parameter_memory, w.cost, devices_of(of.on))) return;
        unsigned const kept = of.satisfied(unit, w.roles);
        if ((others & ~kept) != 0) return;
        role_set const one = only(w.roles.on[about.axis]);
        if (is_allowed) out.allowed = out.allowed | one;
        if (!is_allowed && (about.pin < 0 || ((kept >> about.pin) & 1U) != 0)) out.forbidden = out.forbidden | one;
    }
};
constexpr unit_needs needs_in_class(planned_case const& of, int number, class_core const& core, plan_fault const& about,
                                    int unit, unsigned others) {
    unit_needs out;
    needs_collector v{of, about, unit, others, out};
    visit_ways(of, number, core, v);
    return out;
}

/// The rule against a unit's ways that would keep to what is asked of it.
struct rule_finder {
    planned_case const& of;
    plan_fault const& about;
    int unit;
    unsigned asked;  // pins
    code found = code::ok;

    constexpr void visit(unit_way const&) const {}
    constexpr void refuse(int u, placement_policy const& p, code why) {
        if (u != unit || found != code::ok || !allowed(p, of.bound)) return;
        if ((asked & ~of.satisfied(u, p)) != 0) return;
        parameter_cost even;  // as if all divided
        even.stored = even.whole = devices_of(of.on);
        for (int a = 0; a < p.axes; ++a)
            if (p.on[a] != role::data_parallel) even.stored /= p.axis_size[a];
        if (about.what != code::plan_share || within(of.bound.parameter_memory, even, devices_of(of.on))) found = why;
    }
};
constexpr code rule_in_class(planned_case const& of, int number, class_core const& core, plan_fault const& about,
                             int unit, unsigned others) {
    unsigned const asked = about.what == code::plan_pinned && about.pin >= 0 ? others | 1U << about.pin : 0;
    rule_finder v{of, about, unit, asked};
    visit_ways(of, number, core, v);
    return v.found;
}

/// The pins about recomputing that contradict each other, or the constraints, on some trip.
constexpr int contradicting_pin(planned_case const& of, int unit, int trip) {
    int before = -1;
    for (int k = 0; k < of.pins; ++k) {
        if (!of.pin[k].decides || !of.names(k, unit) || !of.on_trip(k, trip)) continue;
        if (of.pin[k].recomputes && !of.bound.recompute) return k;
        if (before >= 0 && of.pin[k].recomputes != of.pin[before].recomputes) return k;
        before = k;
    }
    return -1;
}

/// An axis to which the constraints leave no role; -1: there is none.
constexpr int axis_without_role(planned_case const& of) {
    for (int a = 0; a < of.on.axes; ++a) {
        unsigned const here = of.bound.on_axis[a].mask;
        if (of.on.axis_size[a] > 1 && (of.bound.roles.mask & (here == 0 ? all_roles.mask : here)) == 0) return a;
    }
    return -1;
}

/// The first layer without a strategy, and what is in its way. `others`: the pins before that one.
constexpr plan_fault fault_of_units(planned_case const& of, class_ways const& all, unsigned& others, int& unit) {
    plan_fault f;
    for (int u = 0; u < of.units.count; ++u) {
        ways_left const& left = all.unit[u];
        unit = u;
        f.layer = of.units.unit[u].name;
        f.what = !left.legal ? code::plan_layer : !left.allowed ? code::plan_pinned : code::plan_share;
        if (!left.allowed) f.axis = axis_without_role(of);
        if (!left.shared) return f;
        f.what = code::plan_pinned;
        int const trips = of.units.unit[u].in_block ? of.units.trips : 1;
        for (int t = 0; t < trips; t = of.next_change(t)) {
            others = 0;
            unsigned const asked = of.asked(u, t);
            for (f.pin = 0; f.pin < of.pins; ++f.pin) {
                if (((asked >> f.pin) & 1U) == 0) continue;
                if (!left.keeps(others | 1U << f.pin)) {
                    if (!left.complete) {  // a way that there was no room for may keep to them
                        f.what = code::plan_room, f.room = plan_room::masks, f.pin = -1;
                        return f;
                    }
                    layer_pin const& pin = of.pin[f.pin];
                    for (int a = of.on.axes; a-- > 0;)
                        if (pin.on[a] != role::none || pin.lies[a] != 0) f.axis = a;
                    return f;
                }
                others |= 1U << f.pin;
            }
            f.pin = of.units.unit[u].in_block ? contradicting_pin(of, u, t) : -1;
            if (f.pin >= 0) return f;
        }
        f.pin = -1;
    }
    f.what = code::ok;
    return f;
}

}  // namespace shardtype::detail
