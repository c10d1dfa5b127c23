#pragma once

#include <shardtype/schedule/lower_redistribution.hpp>

namespace shardtype {

namespace detail {

/// Calls f(parameter) for the parameters that `wanted` picks, those of one loop in a segment of its own.
template <class Wanted, class F>
constexpr void for_each_by_loop(lowerer& l, Wanted wanted, F f) {
    for (short loop = 0; loop <= l.g.loops; ++loop) {
        bool open = false;
        for (short k = 0; k < l.b.parameter_count; ++k) {
            parameter_record const& p = l.g.parameters[k];
            if (p.loop != loop || !wanted(p)) continue;
            if (!open) l.b.open(p.layers, false, loop > 0 ? p.first_layer : -1);
            open = true;
            f(k);
        }
    }
}

struct gathers_once {
    constexpr bool operator()(parameter_record const& p) const { return p.once_hops > 0; }
};
struct reduces_once {
    constexpr bool operator()(parameter_record const& p) const { return p.deferred_hops > 0; }
};

}  // namespace detail

/// ZeRO-1 and 2: the copies of the weights that are kept over a step.
constexpr void lower_kept_weights(lowerer& l) {
    l.b.phase = segment_kind::begin_step;
    detail::for_each_by_loop(l, detail::gathers_once{}, [&](short k) {
        scheduled_parameter& p = l.b.parameters[k];
        p.kept = detail::lower_gathers(l, p.is, 0, p.is.once_hops, {p.weight, 0}).buffer;
    });
}

/// ZeRO-1: gradients are reduced behind the last micro-batch.
constexpr void lower_deferred_reductions(lowerer& l) {
    l.b.phase = segment_kind::update;
    detail::for_each_by_loop(l, detail::reduces_once{}, [&](short k) {
        scheduled_parameter const& p = l.b.parameters[k];
        detail::lower_reductions(l, p.is, p.is.deferred_hops, 0, {p.summed, 0},
                                 {{p.gradient, 0}, accumulate::write, false});
    });
}

}  // namespace shardtype
