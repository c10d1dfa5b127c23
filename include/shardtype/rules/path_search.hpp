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

/// What a row of the table sends: of the whole as many (n - 1)/n (a ring), and of one device' share (an all_to_all).
struct row_traffic {
    signed char rings = 0, shares = 0;
    signed char by_ring = 0, by_share = 0;  ///< collectives

    constexpr void add(collective c) {
        if (c == collective::all_reduce) rings = static_cast<signed char>(rings + 2), ++by_ring;
        if (c == collective::all_gather || c == collective::reduce_scatter) ++rings, ++by_ring;
        if (c == collective::all_to_all) ++shares, ++by_share;
    }
};

/// The table by kinds: is there a row, what runs forward, and what is sent forward, and with the backward.
struct row_table {
    bool there[4][4]{};
    bool in_place[4][4]{};
    collective forward[4][4]{};
    row_traffic sent[2][4][4]{};

    constexpr row_table() {
        for (auto const& r : redistributions) {
            if (r.gradient_only) continue;
            int const from = static_cast<int>(r.from), to = static_cast<int>(r.to);
            there[from][to] = true;
            in_place[from][to] = shardtype::in_place(r.by);
            forward[from][to] = r.by;
            for (auto& both : sent) both[from][to].add(r.by);
            for (auto const& b : redistributions)
                if (b.from == dual(placement{r.to}).is && b.to == dual(placement{r.from}).is)
                    sent[1][from][to].add(b.by);
        }
    }
};
inline constexpr row_table row_of{};

/// What hops cost between layouts of one shape. Compilers run this for every layout that a search reaches.
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
        row_traffic const& sent = row_of.sent[differentiable ? 1 : 0][f][t];
        if (n > 1) {
            long const share = whole / n;
            cost.bytes += (n - 1) * (devices / n) * (sent.rings * whole + sent.shares * share);
            cost.price += hop_price * (sent.by_ring + (share > 0 ? sent.by_share : 0));
        }
        long const memory = row_of.in_place[f][t] ? before : before + after;
        if (memory > cost.peak) cost.peak = memory;
        ++cost.hops;
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

/// What is left to do on one axis, at least, whatever lies on the others: nowhere does a device hold less than its share
/// of all. By kind; of shards on other dimensions than the goal's, or in another place of its list, which have to leave it.
struct axis_rest {
    placement goal{};
    long by_kind[4]{};
    long in_other_place = 0;

    constexpr axis_rest() = default;
    constexpr axis_rest(placement to, hop_costs const& costs, int n, long least_local) : goal(to) {
        long hop[4][4]{};
        for (int f = 0; f < 4; ++f)
            for (int t = 0; t < 4; ++t) {
                if (n <= 1 || !row_of.there[f][t]) continue;
                path_cost one{};
                costs.add(one, static_cast<kind>(f), static_cast<kind>(t), n, n * least_local, 0, 0);
                hop[f][t] = one.bytes + one.price;
            }
        constexpr int shard = static_cast<int>(kind::shard);
        int const at = static_cast<int>(to.is);
        bool known[4]{};
        known[at] = true;
        for (bool more = n > 1; more;) {
            more = false;
            for (int f = 0; f < 4; ++f)
                for (int t = 0; t < 4; ++t) {
                    if (f == at || f == t || !known[t] || !row_of.there[f][t]) continue;
                    long const way = hop[f][t] + by_kind[t];
                    if (known[f] && way >= by_kind[f]) continue;
                    by_kind[f] = way, known[f] = more = true;
                }
        }
        if (at != shard || n <= 1) return;
        long leave = -1;  // the goal's dimension, and come back
        for (int t = 0; t < 4; ++t)
            if (t != shard && known[t] && row_of.there[shard][t] && (leave < 0 || hop[shard][t] + by_kind[t] < leave))
                leave = hop[shard][t] + by_kind[t];
        long const moved = hop[shard][shard];
        by_kind[shard] = leave >= 0 && leave < moved ? leave : moved;
        in_other_place = leave >= 0 && leave < 2 * moved ? leave : 2 * moved;
    }
    constexpr long from(placement p) const {
        if (p.is != kind::shard || goal.is != kind::shard || p.dim != goal.dim) return by_kind[static_cast<int>(p.is)];
        return p.order == goal.order ? 0 : in_other_place;
    }
};

/// A* over the layouts that one-axis redistributions reach: of the open ones that which the cheapest path may lead through
/// is closed next.
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

    constexpr void expand(int at) {
        constexpr int shard = static_cast<int>(kind::shard);
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
            for (int t = 0; t < 4; ++t)
                if (t != shard && row_of.there[static_cast<int>(on[a].is)][t])
                    reach(at, a, on[a], {static_cast<kind>(t), 0, 0, false}, sent, whole);
            if (on[a].padded) continue;
            for (int d = 0; d < shape.rank; ++d) {
                if (sharded ? on[a].dim == d : !row_of.there[static_cast<int>(on[a].is)][shard]) continue;
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

    static constexpr long rounded_up(long extent, long n) { return (extent + n - 1) / n; }

    /// Takes a hop into account. Without calls: of these there are many.
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
            if (least > total[i] ||
                (least == total[i] && (cost.peak > known.peak || (cost.peak == known.peak && cost.hops >= known.hops))))
                return;
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
