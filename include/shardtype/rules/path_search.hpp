#pragma once

#include <shardtype/rules/hop_costs.hpp>

namespace shardtype::detail {

/// The longest path that is searched for, in redistributions of one axis.
inline constexpr int max_hops = 10;

/// A layout's placements as one number, 7 bits an axis.
inline constexpr int bits_of_axis = 7;
constexpr unsigned packed(placement p) {
    return static_cast<unsigned>(p.is) | static_cast<unsigned>(p.dim) << 2U | static_cast<unsigned>(p.order) << 4U |
           (p.padded ? 64U : 0U);
}
constexpr placement unpacked(unsigned key, int axis) {
    unsigned const c = key >> (bits_of_axis * axis) & 127U;
    return {static_cast<kind>(c & 3U), static_cast<signed char>(c >> 2U & 3U), static_cast<signed char>(c >> 4U & 3U),
            (c & 64U) != 0};
}
constexpr unsigned packed(layout const& x) {
    unsigned key = 0;
    for (int a = 0; a < x.axes; ++a) key |= packed(x.on[a]) << (bits_of_axis * a);
    return key;
}

/// A* over the layouts that one-axis redistributions reach: the open one that the cheapest path may lead through is closed
/// next.
struct path_search {
    /// Without initialisers, as the arrays below: compilers would run them for every element.
    struct node {
        unsigned key;
        path_cost cost;
        long local;  ///< bytes of one device
        short parent;
        signed char axis;
    };
    static constexpr int capacity = 640;

    layout const& shape;  ///< extents and axes
    hop_costs costs;
    node nodes[capacity];
    long total[capacity];  ///< of each node: bytes with the price of its hops, and of what is left at least
    short open[capacity];  ///< nodes that are not expanded yet, in no order
    short found[1024]{};   ///< 1 + the node of a key, by its hash; 0: none
    int count = 0, open_count = 1;
    bool full = false;
    bool moves[max_axes] = {true, true, true, true};  ///< the others stay where they are
    unsigned goal = 0;
    axis_rest rest[max_axes]{};
    int at_goal = -1;  ///< its node, once it is reached

    constexpr path_search(layout const& from, bool has_gradient, long hop_bytes)
        : shape(from), costs(from, has_gradient, hop_bytes) {
        open[0] = 0;
        nodes[count++] = {packed(from), {}, from.local_bytes(), -1, 0};
        found[packed(from) * 2654435769U >> 22U] = 1;
    }

    /// The node of the goal, or -1.
    constexpr int run(unsigned key_of_goal) {
        goal = key_of_goal;
        long const least = shape.count() * bytes_of(shape.type) / costs.devices;
        total[0] = 0;
        for (int a = 0; a < shape.axes; ++a) {
            rest[a] = {unpacked(goal, a), costs, shape.axis_size[a], least};
            total[0] += rest[a].from(shape.on[a]);
        }
        if (nodes[0].key == goal) at_goal = 0;
        while (open_count > 0) {
            int best = open[0], at = 0;
            for (int k = 1; k < open_count; ++k) {
                int const i = open[k];
                if (total[i] > total[best] || (total[i] == total[best] && !before(i, best))) continue;
                best = i, at = k;
            }
            if (best == at_goal) return best;
            open[at] = open[--open_count];
            expand(best);
        }
        return -1;
    }

    /// Of two as dear ones the one with less memory, then fewer hops, then the older, whatever the order of `open`.
    constexpr bool before(int i, int j) const {
        path_cost const &a = nodes[i].cost, &b = nodes[j].cost;
        return a.peak != b.peak ? a.peak < b.peak : a.hops != b.hops ? a.hops < b.hops : i < j;
    }

    constexpr bool cheaper(node const& a, node const& b) const {
        long const mine = a.cost.bytes + a.cost.price, theirs = b.cost.bytes + b.cost.price;
        return mine != theirs               ? mine < theirs
               : a.cost.peak != b.cost.peak ? a.cost.peak < b.cost.peak
                                            : a.cost.hops < b.cost.hops;
    }

    constexpr void expand(int at) {
        constexpr int shard = static_cast<int>(kind::shard), partial = static_cast<int>(kind::partial);
        node const here = nodes[at];
        placement on[max_axes]{};
        int shards[max_rank]{};
        long parts[max_rank] = {1, 1, 1, 1};
        for (int a = 0; a < shape.axes; ++a) {
            on[a] = unpacked(here.key, a);
            if (on[a].is == kind::shard) ++shards[on[a].dim], parts[on[a].dim] *= shape.axis_size[a];
        }
        for (int a = 0; a < shape.axes; ++a) {
            bool const sharded = on[a].is == kind::shard;
            if (!moves[a]) continue;
            if (sharded && on[a].order != shards[on[a].dim] - 1) continue;  // only the minor axis moves
            int const n = shape.axis_size[a];
            long const sent = sharded ? here.local * n : here.local;
            long whole = sent;
            if (on[a].padded) {  // what pads the parts is sent, and dropped
                long const extent = rounded_up(shape.extent[on[a].dim], parts[on[a].dim] / n);
                whole = here.local / rounded_up(extent, n) * extent;
            }
            // Of two hops in a row on one axis, one hop is never dearer, where there is one.
            bool const again = here.parent >= 0 && here.axis == a;
            placement const from = again ? unpacked(nodes[here.parent].key, a) : placement{};
            int const was = static_cast<int>(from.is);
            bool const shards_again = again && !from.padded && (was == shard || row_of.there[was][shard]);
            // From replicate to invariant over a shard sends half of what it takes over partial.
            bool masks = true;
            for (int d = 0; d < shape.rank && on[a].is == kind::replicate; ++d)
                masks = masks && (n == 1 || rest[a].goal.is == kind::partial || shape.extent[d] % (parts[d] * n) != 0);
            for (int t = 0; t < 4; ++t)
                if (t != shard && row_of.there[static_cast<int>(on[a].is)][t] && (masks || t != partial) &&
                    !(again && (t == was || row_of.there[was][t])))
                    reach(at, a, on[a], {static_cast<kind>(t), 0, 0, false}, sent, whole);
            if (on[a].padded) continue;
            for (int d = 0; d < shape.rank; ++d) {
                if (sharded ? on[a].dim == d : !row_of.there[static_cast<int>(on[a].is)][shard]) continue;
                placement to = on_shard(d);
                to.order = static_cast<signed char>(shards[d]);
                if (shape.extent[d] % (parts[d] * n) == 0) {
                    if (!shards_again) reach(at, a, on[a], to, whole, whole / n);
                } else if (!sharded && shape.extent[d] % parts[d] == 0) {
                    to.padded = true;
                    long const extent = shape.extent[d] / parts[d], local = whole / extent * rounded_up(extent, n);
                    if (unpacked(goal, a) == to) reach(at, a, on[a], to, local * n, local);
                }
            }
        }
    }

    static constexpr long rounded_up(long extent, long n) { return (extent + n - 1) / n; }

    /// Takes a hop into account. Without calls, as of these there are many: costs as `hop_costs::add`, what is left as
    /// `axis_rest::from`.
    constexpr void reach(int at, int axis, placement from, placement to, long whole, long local) {
        node const& here = nodes[at];
        int const f = static_cast<int>(from.is), t = static_cast<int>(to.is), n = shape.axis_size[axis];
        row_traffic const& sent = row_of.sent[costs.differentiable ? 1 : 0][f][t];
        path_cost cost = here.cost;
        if (n > 1) {
            long const share = whole / n;
            cost.bytes += (n - 1) * (costs.devices / n) * (sent.rings * whole + sent.shares * share);
            cost.price += costs.hop_price * (sent.by_ring + (share > 0 ? sent.by_share : 0));
        }
        long const memory = row_of.in_place[f][t] ? here.local : here.local + local;
        if (memory > cost.peak) cost.peak = memory;
        if (++cost.hops > max_hops) return;
        axis_rest const& left = rest[axis];
        bool const was = from.is == kind::shard && left.goal.is == kind::shard && from.dim == left.goal.dim;
        bool const becomes = to.is == kind::shard && left.goal.is == kind::shard && to.dim == left.goal.dim;
        long const before = !was ? left.by_kind[f] : from.order == left.goal.order ? 0 : left.in_other_place;
        long const after = !becomes ? left.by_kind[t] : to.order == left.goal.order ? 0 : left.in_other_place;
        long const least = total[at] - here.cost.bytes - here.cost.price - before + cost.bytes + cost.price + after;
        if (at_goal >= 0 &&
            (least > total[at_goal] || (least == total[at_goal] && cost.peak > nodes[at_goal].cost.peak)))
            return;  // nothing cheaper goes on from there
        unsigned const placed = static_cast<unsigned>(t) | static_cast<unsigned>(to.dim) << 2U |
                                static_cast<unsigned>(to.order) << 4U | (to.padded ? 64U : 0U);
        unsigned const key = (here.key & ~(127U << bits_of_axis * axis)) | placed << bits_of_axis * axis;
        unsigned at_key = key * 2654435769U >> 22U;
        while (found[at_key] != 0 && nodes[found[at_key] - 1].key != key) at_key = (at_key + 1) % 1024;
        int const i = found[at_key] != 0 ? found[at_key] - 1 : count;
        if (i < count) {  // as long is what is left
            path_cost const& known = nodes[i].cost;
            if (least > total[i]) return;
            if (least == total[i]) {
                if (cost.peak != known.peak ? cost.peak > known.peak : cost.hops > known.hops) return;
                // Of equal ways the one whose last hop is the dearest: what is left to the others is as little as can be.
                if (cost.peak == known.peak && cost.hops == known.hops &&
                    (i == 0 || !cheaper(here, nodes[nodes[i].parent])))
                    return;
            }
        }
        if (i == capacity) {
            full = true;
            return;
        }
        if (i == count) found[at_key] = static_cast<short>(count + 1), open[open_count++] = static_cast<short>(count++);
        if (key == goal) at_goal = i;
        total[i] = least;
        nodes[i] = {key, cost, local, static_cast<short>(at), static_cast<signed char>(axis)};
    }
};

}  // namespace shardtype::detail
