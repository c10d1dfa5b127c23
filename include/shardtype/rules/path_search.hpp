#pragma once

#include <shardtype/rules/redistribution.hpp>

namespace shardtype::detail {

/// The longest path that is searched for, in redistributions of one axis.
inline constexpr int max_hops = 10;

/// What a path costs so far: bytes with the price of its hops first, then memory, then hops. Bytes are times the number
/// of devices, so that a ring's shares stay whole numbers.
struct path_cost {
    long bytes, price, peak, hops;
    constexpr bool operator<(path_cost const& b) const {
        long const mine = bytes + price, theirs = b.bytes + b.price;
        return mine != theirs ? mine < theirs : peak != b.peak ? peak < b.peak : hops < b.hops;
    }
};

/// `bytes_sent` in whole numbers: times `devices`.
constexpr long bytes_sent_by_all(collective c, long g, int n, long devices) {
    long const per_axis = devices / n;
    switch (c) {
        case collective::all_reduce:
            return 2 * (n - 1) * g * per_axis;
        case collective::all_gather:
        case collective::reduce_scatter:
            return (n - 1) * g * per_axis;
        case collective::all_to_all:
            return (n - 1) * (g / n) * per_axis;
        default:
            return 0;
    }
}

/// The table by kinds: is there a row, and what runs forward and backward.
struct row_table {
    bool there[4][4]{};
    collective forward[4][4]{}, backward[4][4]{};

    constexpr row_table() {
        for (auto const& r : redistributions) {
            if (r.gradient_only) continue;
            int const from = static_cast<int>(r.from), to = static_cast<int>(r.to);
            there[from][to] = true;
            forward[from][to] = r.by;
            for (auto const& b : redistributions)
                if (b.from == dual(placement{r.to}).is && b.to == dual(placement{r.from}).is) backward[from][to] = b.by;
        }
    }
};
inline constexpr row_table row_of{};

/// What hops cost between layouts of one shape.
struct hop_costs {
    bool differentiable;
    long hop_price;  ///< times the devices
    long devices = 1;

    constexpr hop_costs(layout const& shape, bool has_gradient, long hop_bytes)
        : differentiable(has_gradient), hop_price(hop_bytes) {
        for (int a = 0; a < shape.axes; ++a) devices *= shape.axis_size[a];
        hop_price *= devices;
    }
    /// Adds a hop on an axis of n. `whole`: bytes unsharded on it, `before`, `after`: of one device.
    constexpr void add(path_cost& cost, kind from, kind to, int n, long whole, long before, long after) const {
        int const f = static_cast<int>(from), t = static_cast<int>(to);
        collective const by = row_of.forward[f][t];
        add(cost, by, whole, n);
        if (differentiable) add(cost, row_of.backward[f][t], whole, n);
        long const memory = in_place(by) ? before : before + after;
        if (memory > cost.peak) cost.peak = memory;
        ++cost.hops;
    }

  private:
    constexpr void add(path_cost& cost, collective by, long whole, int n) const {
        long const sent = bytes_sent_by_all(by, whole, n, devices);
        cost.bytes += sent;
        if (sent > 0) cost.price += hop_price;
    }
};

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

/// Dijkstra's algorithm over the layouts that one-axis redistributions reach: the cheapest open one is closed next.
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
    short open[capacity];  ///< nodes that are not expanded yet, in no order
    short found[1024]{};   ///< 1 + the node of a key, by its hash; 0: none
    int count = 0, open_count = 1;
    bool full = false;
    bool moves[max_axes] = {true, true, true, true};  ///< the others stay where they are
    unsigned goal = 0;
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
        if (nodes[0].key == goal) at_goal = 0;
        for (;;) {
            int best = -1, at = 0;
            for (int k = 0; k < open_count; ++k)
                if (best < 0 || before(open[k], best)) best = open[k], at = k;
            if (best < 0 || best == at_goal) return best;
            open[at] = open[--open_count];
            expand(best);
        }
    }

    /// Cheaper; of two equal ones the older, whatever the order of `open`.
    constexpr bool before(int i, int j) const {
        long const mine = nodes[i].cost.bytes + nodes[i].cost.price, theirs = nodes[j].cost.bytes + nodes[j].cost.price;
        if (mine != theirs) return mine < theirs;
        return nodes[i].cost < nodes[j].cost || (i < j && !(nodes[j].cost < nodes[i].cost));
    }

    constexpr void expand(int at) {
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
                long const extent = shape.extent[on[a].dim] / (parts[on[a].dim] / n);
                whole = here.local / rounded_up(extent, n) * extent;
            }
            placement const unsharded[] = {on_invariant, on_replicate, on_partial};
            for (placement const& to : unsharded) reach(at, a, on[a], to, sent, whole);
            if (on[a].padded) continue;
            for (int d = 0; d < shape.rank; ++d) {
                if (sharded && on[a].dim == d) continue;
                placement to = on_shard(d);
                to.order = static_cast<signed char>(shards[d]);
                if (shape.extent[d] % (parts[d] * n) == 0) {
                    reach(at, a, on[a], to, whole, whole / n);
                } else if (!sharded && shape.extent[d] % parts[d] == 0) {
                    to.padded = true;
                    long const extent = shape.extent[d] / parts[d], local = whole / extent * rounded_up(extent, n);
                    if (unpacked(goal, a) == to) reach(at, a, on[a], to, local * n, local);
                }
            }
        }
    }

    static constexpr long rounded_up(long extent, int n) { return (extent + n - 1) / n; }

    constexpr void reach(int at, int axis, placement from, placement to, long whole, long local) {
        if (!row_of.there[static_cast<int>(from.is)][static_cast<int>(to.is)]) return;
        node const& here = nodes[at];
        path_cost cost = here.cost;
        costs.add(cost, from.is, to.is, shape.axis_size[axis], whole, here.local, local);
        if (cost.hops > max_hops) return;
        if (at_goal >= 0 && !(cost < nodes[at_goal].cost)) return;  // nothing cheaper goes on from there
        int const shift = bits_of_axis * axis;
        unsigned const key = (here.key & ~(127U << shift)) | packed(to) << shift;
        unsigned at_key = key * 2654435769U >> 22U;
        while (found[at_key] != 0 && nodes[found[at_key] - 1].key != key) at_key = (at_key + 1) % 1024;
        int const i = found[at_key] != 0 ? found[at_key] - 1 : count;
        if (i < count && !(cost < nodes[i].cost)) return;
        if (i == capacity) {
            full = true;
            return;
        }
        if (i == count) found[at_key] = static_cast<short>(count + 1), open[open_count++] = static_cast<short>(count++);
        if (key == goal) at_goal = i;
        nodes[i] = {key, cost, local, static_cast<short>(at), static_cast<signed char>(axis)};
    }
};

}  // namespace shardtype::detail
