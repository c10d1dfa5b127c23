#pragma once

#include <shardtype/rules/redistribution.hpp>

namespace shardtype::detail {

/// What a path costs so far: bytes with the price of its hops first, then memory, then hops. Bytes are times the number
/// of devices, so that a ring's shares stay whole numbers.
struct path_cost {
    long bytes, price, peak, hops;
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

}  // namespace shardtype::detail
