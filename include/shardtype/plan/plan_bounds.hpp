#pragma once

#include <shardtype/plan/cluster.hpp>
#include <shardtype/plan/constraints.hpp>
#include <shardtype/plan/text_sink.hpp>

namespace shardtype {

/// What is wrong with constraints before anything is planned.
enum class bound_fault : unsigned char {
    none,
    negative_memory,  ///< `device_memory`
    no_such_memory,   ///< more than the device has
    share_range,      ///< `parameter_memory` below 0 or above 1
    share_order,      ///< its `low` is more than its `high`, or than one over the ranks where that is 0
    no_such_axis,     ///< `on_axis` of an axis that the mesh does not have
};

namespace detail {
/// The first axis beyond the mesh's that constraints are about; -1: there is none.
constexpr int axis_beyond(constraints const& c, int axes) {
    for (int a = axes > 0 ? axes : 0; a < max_axes; ++a)
        if (c.on_axis[a].mask != 0) return a;
    return -1;
}
}  // namespace detail

/// Whether constraints make sense for so many devices of a kind, on a mesh of so many axes.
constexpr bound_fault fault_of(constraints const& c, hardware const& on, int ranks, int axes = max_axes) {
    if (c.device_memory < 0) return bound_fault::negative_memory;
    if (c.device_memory > on.memory) return bound_fault::no_such_memory;
    memory_share const& s = c.parameter_memory;
    bool const in_range = s.low >= 0 && s.low <= 1 && s.high >= 0 && s.high <= 1;  // NaN is not
    if (!in_range) return bound_fault::share_range;
    double const high = s.high > 0 ? s.high : 1.0 / (ranks > 0 ? ranks : 1);
    if (s.low > high + 1e-9) return bound_fault::share_order;
    return detail::axis_beyond(c, axes) < 0 ? bound_fault::none : bound_fault::no_such_axis;
}

namespace detail {

/// A share in thousandths, as far as they are numbers.
constexpr long per_mille(double share) {
    if (!(share > -1e12)) return -1'000'000'000'000'000;  // NaN too
    return share > 1e12 ? 1'000'000'000'000'000 : static_cast<long>(1000 * share + (share < 0 ? -0.5 : 0.5));
}
constexpr void put_share(text_sink& out, double share) { put_fixed(out, per_mille(share), 1000, 3); }

/// The line of a fault.
constexpr void put_bound_fault(text_sink& out, bound_fault what, constraints const& c, hardware const& on, int ranks,
                               int axes) {
    auto const bytes = [&](long n) { put_number(out, n, false), out.put(" bytes"); };
    memory_share const& s = c.parameter_memory;
    switch (what) {
        case bound_fault::negative_memory:
            out.put("constraints::device_memory of "), bytes(c.device_memory);
            out.put(" is negative; 0: what the hardware leaves, "), bytes(on.usable());
            break;
        case bound_fault::no_such_memory:
            out.put("constraints::device_memory of "), bytes(c.device_memory);
            out.put(" is more than the "), bytes(on.memory);
            out.put(" of "), out.put(on.name[0] == 0 ? "the device" : on.name);
            break;
        case bound_fault::share_range:
        case bound_fault::share_order:
            out.put("constraints::parameter_memory is from "), put_share(out, s.low);
            out.put(" to "), put_share(out, s.high);
            if (s.high == 0) out.put(", one over "), put_number(out, ranks, false), out.put(" ranks");
            out.put(what == bound_fault::share_range ? ": a share is from 0 to 1" : ": low is more than high");
            break;
        case bound_fault::no_such_axis:
            out.put("constraints::on_axis["), put_number(out, axis_beyond(c, axes), false);
            out.put("] would have no effect: the mesh has "), put_number(out, axes, false);
            out.put(axes == 1 ? " axis" : " axes");
            break;
        default:
            return;
    }
    out.put(" [ST-J728]");
}

}  // namespace detail
}  // namespace shardtype
