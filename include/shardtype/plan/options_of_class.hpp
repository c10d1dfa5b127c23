#pragma once

#include <shardtype/plan/class_options.hpp>
#include <shardtype/plan/variant_costs.hpp>

namespace shardtype::detail {

/// Whether a way to store parameters is worth a look. Where a step has one micro-batch, ZeRO-1 moves what ZeRO-2 moves and
/// holds whole gradients besides: it is not, but where it is pinned.
constexpr bool considered(placement_policy const& p, planned_case const& of) {
    if (!allowed(p, of.bound)) return false;
    for (int a = 0; a < p.axes; ++a)
        if (p.on[a] == role::sharded_optimizer && of.batch.micro_batches == 1 && !of.shares_parameters &&
            !of.pins_role(a, p.on[a])) {
            placement_policy other = p;
            other.on[a] = role::sharded_gradients;
            if (allowed(other, of.bound)) return false;
        }
    return true;
}

/// Whether some policy of a class may be used.
constexpr bool class_is_considered(planned_case const& of, int number) {
    placement_policy const probed = class_policy(of.on, number);
    for (int v = 0; v < variants_of(probed); ++v)
        if (considered(variant_of(probed, v), of)) return true;
    return false;
}

/// How many classes are, and which is the i-th.
constexpr int classes_of(planned_case const& of) {
    int n = 0;
    for (int c = 0; c < power(3, of.on.axes); ++c) n += class_is_considered(of, c) ? 1 : 0;
    return n;
}
constexpr int class_number(planned_case const& of, int i) {
    int c = 0;
    for (; c < power(3, of.on.axes); ++c)
        if (class_is_considered(of, c) && i-- == 0) break;
    return c;
}

/// Variants of a class that one constant looks at: compilers count the steps of each.
inline constexpr int variants_at_once = 5;
/// So many constants a class takes.
constexpr int parts_of_class(planned_case const& of, int number) {
    int n = 0;
    placement_policy const probed = class_policy(of.on, number);
    for (int v = 0; v < variants_of(probed); ++v) n += considered(variant_of(probed, v), of) ? 1 : 0;
    return n > variants_at_once ? (n + variants_at_once - 1) / variants_at_once : 1;
}

/// One strategy after the other for all layers: what each unit takes, and all together.
template <int Units, int Room>
struct variant_options {
    planned_case const& of;
    class_core const& core;
    class_options<Units, Room>& out;
    long stream;  // bytes
    unit_option all[Units]{};
    bool legal = true, shares = true, pinned = true;

    constexpr void add(int u, int variant, placement_policy const& p, unit_costs const& costs) {
        unit_core const& c = core.unit[u];
        if (!costs.stored[u]) {
            legal = false;
            if (c.legal) out.why[u] = code::layer_not_divisible;
            out.uniform.worst = of.units.unit[u].name;
            return;
        }
        unit_option& o = all[u];
        o = option_of(c, costs.unit[u], of.units.unit[u], of.on, of.batch.micro_batches, stream,
                      u > 0 ? core.unit[u - 1].late_forward : 0, u + 1 < Units ? core.unit[u + 1].late_backward : 0);
        o.variant = static_cast<short>(variant);
        o.satisfies = of.satisfied(u, p);
        bool const shared = within(of.bound.parameter_memory, costs.unit[u], devices_of(of.on));
        shares = shares && shared;
        if (shared) out.add(u, o);
        pinned = pinned && (o.satisfies & of.all_pins()) == of.all_pins();
    }
    constexpr void add_uniform(placement_policy const& p, bool again) {
        long times[Units]{};
        uniform_layout one = uniform_of(of.units, all, again, out.constants, stream, times);
        one.time += once_a_step(of.on);
        one.roles = p;
        one.roles.recomputes = again;
        one.verdict = !shares || !pinned || of.pins_recomputing(!again) ? why_not::forbidden
                      : one.memory > of.bound.device_memory             ? why_not::too_large
                                                                        : why_not::slower;
        out.consider(one, times);
    }
};

/// The options of all units in one class, from what a probe of it has found: `out` with one more part of the variants; all
/// of them where `part` is -1.
template <int Units, int Room>
constexpr class_options<Units, Room> options_of_class(planned_case const& of, int number, class_core const& core,
                                                      class_options<Units, Room> out = {}, int part = -1) {
    placement_policy const probed = class_policy(of.on, number);
    int const variants = variants_of(probed);
    if (part <= 0) {
        out.number = number;
        out.uniform.verdict = why_not::illegal, out.uniform.time = unreachable;
        out.uniform.roles = variant_of(probed, variants - 1);
        out.stream = core.stream;
        out.constants = core.constants;
        out.tied = core.tied;
        out.complete = core.complete;
        bool all_legal = true;
        double flops = 0;
        for (int u = 0; u < Units; ++u) {
            unit_core const& c = core.unit[u];
            out.why[u] = c.why;
            out.late = larger(out.late, larger(c.late_forward, c.late_backward));
            out.exists = out.exists || c.legal;
            all_legal = all_legal && c.legal;
            flops += c.flops * (of.units.unit[u].in_block ? of.units.trips : 1);
        }
        out.flops = all_legal ? flops : 0;
    }
    variant_prober prober(of, probed, core);
    long const stream = core.stream.rank > 0 ? align_up(core.stream.local_bytes()) : 0;
    int seen = 0;
    for (int v = 0; v < variants; ++v) {
        placement_policy const p = variant_of(probed, v);
        if (!considered(p, of) || (seen++ / variants_at_once != part && part >= 0)) continue;
        unit_costs const costs = prober.costs(p, Units);
        variant_options<Units, Room> options{of, core, out, stream};
        for (int u = 0; u < Units; ++u) options.add(u, v, p, costs);
        if (!options.legal) continue;
        options.add_uniform(p, false);
        if (of.bound.recompute && of.units.repeats > 0) options.add_uniform(p, true);
    }
    return out;
}

}  // namespace shardtype::detail
