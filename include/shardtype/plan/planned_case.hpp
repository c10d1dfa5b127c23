#pragma once

#include <shardtype/model/read.hpp>
#include <shardtype/plan/cluster.hpp>
#include <shardtype/plan/constraints.hpp>
#include <shardtype/plan/plan.hpp>
#include <shardtype/plan/units.hpp>

namespace shardtype::detail {

/// How activations lie on each axis: the layout of the residual stream. Classes are numbered in base 3.
enum class axis_use : unsigned char { batch, sequence, whole };

constexpr int power(int base, int exponent) { return exponent == 0 ? 1 : base * power(base, exponent - 1); }

/// One class: the policy with which its activations are probed. Every axis that splits the batch shards parameters, so that
/// gathers can be told apart, in padded shards, so that no extent is in the way.
constexpr placement_policy class_policy(cluster const& on, int number) {
    placement_policy p;
    p.axes = on.axes;
    for (int a = on.axes - 1; a >= 0; --a, number /= 3) {
        p.axis_size[a] = on.axis_size[a];
        auto const use = static_cast<axis_use>(number % 3);
        p.on[a] = use == axis_use::batch      ? role::fully_sharded
                  : use == axis_use::sequence ? role::sequence_parallel
                                              : role::tensor_parallel;
        p.pads[a] = use == axis_use::batch;
    }
    return p;
}
/// Its policies differ in how parameters are stored: in base 4, a digit for each axis that splits the batch.
constexpr int variants_of(placement_policy const& p) {
    int n = 1;
    for (int a = 0; a < p.axes; ++a) n *= p.splits_batch(a) ? 4 : 1;
    return n;
}
constexpr placement_policy variant_of(placement_policy p, int variant) {
    for (int a = p.axes - 1; a >= 0; --a) {
        p.pads[a] = false;
        if (!p.splits_batch(a)) continue;
        p.on[a] = static_cast<role>(static_cast<int>(role::data_parallel) + variant % 4);
        variant /= 4;
    }
    return p;
}
/// An axis of one device needs no role but one.
constexpr bool allowed(placement_policy const& p, constraints const& by) {
    for (int a = 0; a < p.axes; ++a) {
        bool const here = by.roles.has(p.on[a]) && (by.on_axis[a].mask == 0 || by.on_axis[a].has(p.on[a]));
        if (p.axis_size[a] == 1 ? p.on[a] != role::data_parallel : !here) return false;
    }
    return true;
}

/// What is asked of some layers.
struct layer_pin {
    label layers{};           ///< as `in_layers` names them; empty: all
    role on[max_axes]{};      ///< none: any
    int lies[max_axes]{};     ///< 1 + axis_use; 0: anywhere
    bool decides = false;     ///< about recomputing:
    bool recomputes = false;  ///< this
    bool first_only = false;  ///< the model's input
    bool last_only = false;   ///< the model's output

    constexpr bool takes(placement_policy const& p) const {
        for (int a = 0; a < p.axes; ++a) {
            if (on[a] != role::none && p.axis_size[a] > 1 && p.on[a] != on[a]) return false;
            axis_use const use = p.splits_batch(a)                    ? axis_use::batch
                                 : p.on[a] == role::sequence_parallel ? axis_use::sequence
                                                                      : axis_use::whole;
            if (lies[a] != 0 && p.axis_size[a] > 1 && static_cast<int>(use) + 1 != lies[a]) return false;
        }
        return true;
    }
};

/// What a plan is made for, as values.
struct planned_case {
    static constexpr int max_pins = 12;  ///< room

    unit_list units{};
    cluster on{};
    constraints bound{};  ///< device_memory is a number
    layout whole{};       ///< of the residual stream, not split
    batch_shape batch{};
    bool shares_parameters = false;  ///< between units, such as a tied head
    dtype element = dtype::f32, compute = dtype::f32;
    label axis_name[max_axes]{};
    layer_pin pin[max_pins]{};
    int pins = 0;

    /// Whether pin k is about unit u, on some trips.
    constexpr bool names(int k, int u) const {
        layer_pin const& x = pin[k];
        if (x.first_only) return u == 0;
        if (x.last_only) return u + 1 == units.count;
        if (x.layers.size == 0) return true;
        trip_range const open = trips_named(x.layers, units.repeat);
        for (int i = 0; i < units.unit[u].leaves; ++i) {
            label name = units.unit[u].leaf[i];
            while (name.size > 0) {
                if (names_layer(x.layers, name, open)) return true;
                int cut = name.size - 1;
                while (cut > 0 && name.data[cut] != '.') --cut;
                name.truncate(cut);
            }
        }
        return false;
    }
    /// Whether some pin asks for this role of an axis.
    constexpr bool pins_role(int axis, role r) const {
        bool any = false;
        for (int k = 0; k < pins; ++k) any = any || pin[k].on[axis] == r;
        return any;
    }
    /// Whether it is about the trips from `first` on, if about the unit.
    constexpr bool on_trip(int k, int trip) const {
        trip_range const t = trips_named(pin[k].layers, units.repeat);
        return t.first >= t.end || (t.first <= trip && trip < t.end);
    }
    /// All pins, as a mask.
    constexpr unsigned all_pins() const { return (1U << (pins < max_pins ? pins : max_pins)) - 1; }
    /// Whether a pin wants blocks to be recomputed, or not to be.
    constexpr bool pins_recomputing(bool again) const {
        for (int k = 0; k < pins; ++k)
            if (pin[k].decides && pin[k].recomputes == again) return true;
        return false;
    }
    /// The pins that unit u keeps to with this policy, or that are not about it.
    constexpr unsigned satisfied(int u, placement_policy const& p) const {
        unsigned mask = 0;
        for (int k = 0; k < pins; ++k)
            if (!names(k, u) || pin[k].takes(p)) mask |= 1U << k;
        return mask;
    }
    /// The pins that are about unit u on this trip.
    constexpr unsigned asked(int u, int trip) const {
        unsigned mask = 0;
        for (int k = 0; k < pins; ++k)
            if (names(k, u) && (!units.unit[u].in_block || on_trip(k, trip))) mask |= 1U << k;
        return mask;
    }
    /// The first trip after `trip` where a pin begins or ends.
    constexpr int next_change(int trip) const {
        int next = units.trips;
        for (int k = 0; k < pins; ++k) {
            trip_range const t = trips_named(pin[k].layers, units.repeat);
            if (t.first >= t.end) continue;
            if (t.first > trip && t.first < next) next = t.first;
            if (t.end > trip && t.end < next) next = t.end;
        }
        return next;
    }
    /// Stretches of trips that the same pins are about.
    constexpr int stretches() const {
        int n = 0;
        for (int t = 0; t < units.trips; t = next_change(t)) ++n;
        return n;
    }
};

}  // namespace shardtype::detail
