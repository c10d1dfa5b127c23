#pragma once

#include <shardtype/model/node.hpp>
#include <shardtype/model/placement_policy.hpp>

namespace shardtype::detail {

/// The axes that a parameter is gathered from once per step, as a mask.
constexpr unsigned axes_gathered_once(placement_policy const& p) {
    unsigned mask = 0;
    for (int a = 0; a < p.axes; ++a)
        if (p.splits_state(a) && p.on[a] != role::fully_sharded && p.axis_size[a] > 1) mask |= 1U << a;
    return mask;
}

/// Finds a parameter's way from stored to used under a policy: first to what is gathered once per step, and of that first
/// to what is reduced once per step.
constexpr void find_route(parameter_record& r, placement_policy const& p) {
    r.path = conversion{}, r.once_hops = r.deferred_hops = 0;
    r.gathers_once = axes_gathered_once(p);
    auto const append = [&](layout const& from, layout const& to) {
        conversion const more = materialization(from, to, conversion::usual_hop_bytes);
        if (r.path.says.legal()) r.path.says = more.says;
        for (int h = 0; h < more.hops && r.path.hops < conversion::max_hops; ++h)
            r.path.path[r.path.hops++] = more.path[h];
        r.path.bytes += more.bytes;
        if (more.peak_bytes > r.path.peak_bytes) r.path.peak_bytes = more.peak_bytes;
    };
    layout const deferred = p.gathered(r.stored, role::sharded_optimizer);
    layout const kept = p.gathered(deferred, role::sharded_gradients);
    if (r.gathers_once != 0) {
        append(r.stored, deferred);
        r.deferred_hops = r.path.hops;
        append(deferred, kept);
        r.once_hops = r.path.hops;
    }
    append(kept, r.used);
}

}  // namespace shardtype::detail
