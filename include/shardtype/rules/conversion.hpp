#pragma once

#include <shardtype/rules/direct_way.hpp>

namespace shardtype {

/// The cheapest sequence of one-axis redistributions between two layouts of one shape, by `convert`. Its backward is the
/// sequence of duals, reversed.
struct conversion {
    /// One redistribution of a conversion: on which axis, from what to what.
    struct hop {
        int axis = 0;                      ///< its position in the mesh
        placement from{};                  ///< before
        placement to{};                    ///< after, with its place in the list of axes
        collective by = collective::none;  ///< what runs forward
    };
    /// Room, and the largest number of axes that are searched at once.
    static constexpr int max_hops = detail::max_hops, searched_axes = 3;
    /// The price of a hop where the library chooses by itself: ten microseconds at 6 GB/s.
    static constexpr long usual_hop_bytes = 64 << 10;

    verdict says{};        ///< legal; or why there is none, [ST-R309] or a fault of the goal
    int hops = 0;          ///< used of `path`
    hop path[max_hops]{};  ///< in order
    double bytes = 0;      ///< that one device sends, forward and backward (ring algorithms)
    long peak_bytes =
        0;  ///< of one device: the largest source and result of a hop together, or source alone where it is in place
    bool exact = true;  ///< false on more than `searched_axes`: a path, not surely the cheapest
};

namespace detail {

/// The axes that differ, and those behind them in a dimension's list, before or after.
struct moving_axes {
    bool is[max_axes]{};
    int count = 0;

    constexpr moving_axes(layout const& from, layout const& to) {
        for (int a = 0; a < from.axes; ++a) is[a] = !(from.on[a] == to.on[a]);
        for (int a = 0; a < from.axes; ++a)
            for (int b = 0; b < from.axes; ++b)
                if (!(from.on[b] == to.on[b]) && (behind(from, a, b) || behind(to, a, b))) is[a] = true;
        for (bool const moves : is) count += moves ? 1 : 0;
    }
    static constexpr bool behind(layout const& x, int a, int b) {
        return x.on[a].is == kind::shard && x.on[b].is == kind::shard && x.on[a].dim == x.on[b].dim &&
               x.on[a].order > x.on[b].order;
    }
};

/// Gathers from the minor axis outwards, then reductions, then shards from the major axis inwards. Not the cheapest way,
/// but one, however large the mesh is.
constexpr void direct_path(conversion& out, layout now, layout const& to) {
    moving_axes const moving(now, to);
    bool const(&moves)[max_axes] = moving.is;
    auto const hop = [&](int a, placement p) {
        auto const step = redistribute(now, a, p);
        if (!step.says.legal() || step.result == now) return;
        out.bytes += redistribution_bytes(now, a, p);
        long const memory = now.local_bytes() + (in_place(step.by) ? 0 : step.result.local_bytes());
        if (memory > out.peak_bytes) out.peak_bytes = memory;
        out.path[out.hops++] = {a, now.on[a], step.result.on[a], step.by};
        now = step.result;
    };
    auto const go = [&](int a, placement p) {  // two pairs have no row of their own
        if (now.on[a].is == kind::replicate && p.is == kind::invariant) hop(a, on_partial);
        if (now.on[a].is == kind::invariant && p.is == kind::partial) hop(a, on_replicate);
        hop(a, p);
    };
    for (int order = max_axes - 1; order >= 0; --order)
        for (int a = 0; a < now.axes; ++a)
            if (moves[a] && now.on[a].is == kind::shard && now.on[a].order == order)
                go(a, to.on[a].is == kind::invariant ? on_invariant : on_replicate);
    for (int a = 0; a < now.axes; ++a)
        if (moves[a] && to.on[a].is != kind::shard) go(a, to.on[a]);
    for (int order = 0; order < max_axes; ++order)
        for (int a = 0; a < now.axes; ++a)
            if (moves[a] && to.on[a].is == kind::shard && to.on[a].order == order) go(a, to.on[a]);
    layout goal = to;
    goal.type = now.type;
    if (!(now == goal)) out.says.what = code::no_conversion;
}

/// The same as the search would find. @return whether that is known
constexpr bool known_path(conversion& out, layout const& from, layout const& to, hop_costs const& costs) {
    direct_way const way(from, to, costs.differentiable);
    if (!way.known) return false;
    if (way.hops == 0) return true;
    path_cost cost{};
    long local = from.local_bytes();
    for (; out.hops < way.hops; ++out.hops) {
        int const a = way.axis[out.hops], n = from.axis_size[a];
        placement const x = from.on[a], y = to.on[a];
        long const whole = x.is == kind::shard ? local * n : local, after = y.is == kind::shard ? whole / n : whole;
        costs.add(cost, x.is, y.is, n, whole, local, after);
        out.path[out.hops] = {a, x, y, row_of.forward[static_cast<int>(x.is)][static_cast<int>(y.is)]};
        local = after;
    }
    out.bytes = static_cast<double>(cost.bytes) / static_cast<double>(costs.devices);
    out.peak_bytes = cost.peak;
    return true;
}

/// By search; by the direct path where there is no room for one.
constexpr void searched_path(conversion& out, layout const& from, layout const& to, bool differentiable,
                             long hop_bytes) {
    path_search search(from, differentiable, hop_bytes);
    bool small = true;
    if (from.axes > conversion::searched_axes) {  // the compilers' limits have no room for all axes at once
        moving_axes const moving(from, to);
        out.exact = false;
        small = moving.count <= conversion::searched_axes;
        for (int a = 0; a < from.axes; ++a) search.moves[a] = moving.is[a];
    }
    int const end = small ? search.run(packed(to)) : -1;
    out.exact = out.exact && !search.full;
    if (end < 0) {
        direct_path(out, from, to);
        return;
    }
    auto const& found = search.nodes[end];
    out.hops = static_cast<int>(found.cost.hops);
    out.bytes = static_cast<double>(found.cost.bytes) / static_cast<double>(search.costs.devices);
    out.peak_bytes = found.cost.peak;
    int i = end;
    for (int h = out.hops - 1; h >= 0; --h) {
        auto const& node = search.nodes[i];
        placement const before = unpacked(search.nodes[node.parent].key, node.axis);
        placement const after = unpacked(node.key, node.axis);
        out.path[h] = {node.axis, before, after,
                       row_of.forward[static_cast<int>(before.is)][static_cast<int>(after.is)]};
        i = node.parent;
    }
}

}  // namespace detail

/// The cheapest way from one layout to the other: forward and backward bytes, then peak memory, then hops; without
/// gradient the forward alone. A cast is no redistribution: element types are not compared.
/// @param from,to the two layouts  @param differentiable whether a backward follows
/// @param hop_bytes what a collective costs besides its bytes, in bytes: its latency times the bandwidth
/// @return an illegal conversion where shapes or meshes differ [ST-R309], and where `to` or `from` has a fault by itself
constexpr conversion convert(layout const& from, layout const& to, bool differentiable = true, long hop_bytes = 0) {
    conversion out;
    bool alike = from.axes == to.axes && same_extents(from, to);
    for (int a = 0; a < from.axes; ++a) alike = alike && from.axis_size[a] == to.axis_size[a];
    if (!alike) {
        out.says.what = code::shapes_disagree;
        return out;
    }
    auto fault = fault_of(to);
    if (fault.what == code::ok) fault = fault_of(from);
    out.says.what = fault.what;
    out.says.axis = fault.axis;
    if (!out.says.legal()) return out;
    bool const small = from.axes <= conversion::searched_axes;
    if (!small || !detail::known_path(out, from, to, {from, differentiable, hop_bytes}))
        detail::searched_path(out, from, to, differentiable, hop_bytes);
    return out;
}

/// The cheapest way for what has no gradient: invariant and replicate are the same there, so no hop leads from one to
/// the other. (The hops of the path are legal from either.)
constexpr conversion convert_constant(layout from, layout to) {
    for (int a = 0; a < from.axes; ++a) {
        if (from.on[a].is == kind::replicate) from.on[a] = on_invariant;
        if (to.on[a].is == kind::replicate) to.on[a] = on_invariant;
    }
    return convert(from, to, false);
}

/// The way from a stored parameter to its used copy. Where nothing has to move, nothing does: the used copy is the stored
/// one, though slicing it and gathering it again would make backward's reductions cheaper (a copy of every weight is
/// dearer). Else as `convert`.
constexpr conversion materialization(layout const& stored, layout const& used, long hop_bytes = 0) {
    bool free = true;
    for (int a = 0; a < stored.axes; ++a)
        free = free &&
               (stored.on[a] == used.on[a] || (stored.on[a].is == kind::invariant && used.on[a].is == kind::replicate));
    if (!free) return convert(stored, used, true, hop_bytes);
    conversion out;
    detail::direct_path(out, stored, used);
    return out;
}

}  // namespace shardtype
