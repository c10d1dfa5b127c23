#pragma once

#include <shardtype/plan/cluster.hpp>
#include <shardtype/plan/kernel_cost.hpp>

namespace shardtype {

/// Whether the step is a phase of a collective.
constexpr bool is_communication(step const& s) { return s.kind != step_kind::kernel && s.kind != step_kind::release; }

namespace detail {

/// Which collective, by how it is timed.
enum class traffic : unsigned char { gather, reduce, exchange };

constexpr traffic traffic_of(step const& s) {
    if (s.kernel == id_of<kernels::all_to_all>) return traffic::exchange;
    return s.kernel == id_of<kernels::all_reduce> || s.kernel == id_of<kernels::all_reduce_max> ? traffic::reduce
                                                                                                : traffic::gather;
}

/// The bytes that `link_speed::bandwidth` counts: of an all_reduce's operand, of what the others are the parts of.
constexpr long traffic_bytes(step const& s, int ranks) {
    long const b = bytes_of(s.type);
    switch (traffic_of(s)) {
        case traffic::reduce:
            return s.dim[0] * b;
        case traffic::gather:
            return s.dim[0] * s.dim[1] * ranks * b;
        default:
            return s.dim[0] * s.dim[1] * s.dim[2] * s.dim[3] * ranks * b;
    }
}

/// rate * over / under, as a whole number.
constexpr long share_of(long rate, long over, long under) {
    return static_cast<long>(static_cast<double>(rate) * static_cast<double>(over) / static_cast<double>(under));
}
/// Operand bytes a second where every device sends at `bus`: by a ring, n / (n - 1) of it, all_reduce half.
constexpr long ring_bandwidth(traffic is, long bus, int ranks) {
    return share_of(bus, ranks, (is == traffic::reduce ? 2L : 1L) * (ranks - 1));
}
constexpr long ring_latency(traffic is, step_latency const& step, axis_link const& l) {
    long const between = l.nodes() - 1, within = l.ranks - l.nodes();
    return step.base + (is == traffic::reduce ? 2 : 1) * (between * step.network + within * step.link);
}

/// Within one machine: the rows of its table, and lines between them; beyond 8 ranks the last row's ring.
constexpr link_speed in_one_node(hardware const& on, traffic is, axis_link const& l) {
    measured_rates const& rates = *on.measured;
    link_speed const* const row = is == traffic::gather   ? rates.in_node.gather
                                  : is == traffic::reduce ? rates.in_node.reduce
                                                          : rates.in_node.exchange;
    int const n = l.ranks;
    if (row[0].bandwidth == 0) return {ring_bandwidth(is, on.link_bandwidth, n), ring_latency(is, rates.ring, l)};
    if (n <= 2) return row[0];
    if (n > 8) return {share_of(row[2].bandwidth, 7L * n, 8L * (n - 1)), row[2].latency + (n - 8) * rates.ring.link};
    int const i = n < 4 ? 0 : n < 8 ? 1 : 2, from = 2 << i;
    if (n == from) return row[i];
    long const faster = row[i + 1].bandwidth - row[i].bandwidth, later = row[i + 1].latency - row[i].latency;
    return {row[i].bandwidth + faster * (n - from) / from, row[i].latency + later * (n - from) / from};
}

/// Over several machines: a ring through all ranks, which enters and leaves each machine by the network links of its
/// ranks. all_to_all: what is for other machines goes by the rank's own link.
constexpr link_speed between_nodes(hardware const& on, traffic is, axis_link const& l) {
    measured_rates const& rates = *on.measured;
    long const network = share_of(on.network_bandwidth, rates.network_efficiency, 1000);
    if (is == traffic::exchange) {
        long const base = rates.in_node.exchange[2].latency > 0 ? rates.in_node.exchange[2].latency : rates.ring.base;
        return {share_of(network, l.nodes(), l.nodes() - 1), base + (l.nodes() - 1) * rates.ring.network};
    }
    long const all = network * l.ranks_per_node;
    long const bus = l.ranks_per_node > 1 && on.link_bandwidth < all ? on.link_bandwidth : all;
    return {ring_bandwidth(is, bus, l.ranks), ring_latency(is, rates.ring, l)};
}

constexpr long time_of(link_speed const& by, long bytes) {
    return by.latency + time_at(static_cast<double>(bytes), by.bandwidth, 1000);
}
constexpr bool exists(step_latency const& s) { return s.base > 0 || s.link > 0 || s.network > 0; }

/// ns of the fastest algorithm.
constexpr long fastest(hardware const& on, traffic is, axis_link const& l, long bytes) {
    measured_rates const& rates = *on.measured;
    bool const inside = l.nodes() == 1;
    link_speed const large = inside ? in_one_node(on, is, l) : between_nodes(on, is, l);
    long best = time_of(large, bytes);
    if (is != traffic::exchange && exists(rates.small_ring)) {
        long const bus = inside ? rates.small_in_node : rates.small_between_nodes;
        long const t = time_of({ring_bandwidth(is, bus, l.ranks), ring_latency(is, rates.small_ring, l)}, bytes);
        if (t < best) best = t;
    }
    if (is == traffic::reduce && !inside && exists(rates.tree)) {
        long levels = 0;  // up and down
        while ((2L << levels) <= l.nodes()) ++levels;
        long const latency =
            rates.tree.base + 2 * ((l.ranks_per_node - 1) * rates.tree.link + levels * rates.tree.network);
        // 92 % of the links' rate, and the bytes go both ways
        long const ring = between_nodes(on, traffic::gather, l).bandwidth;
        long const t = time_of({share_of(ring, 460L * (l.ranks - 1), 1000L * l.ranks), latency}, bytes);
        if (t < best) best = t;
    }
    return best;
}

}  // namespace detail

/// ns of a collective, charged to the step that starts it: its wait, its finish, and any on an axis of one device are 0.
/// What several groups do at once does not slow them: each rank has its own links.
constexpr long collective_time(cluster const& c, step const& s) {
    bool const starts = s.kind == step_kind::collective_start || s.kind == step_kind::materialize;
    if (!starts || s.axis < 0) return 0;
    axis_link const l = link_of(c, s.axis);
    if (l.ranks <= 1) return 0;
    return detail::fastest(c.on, detail::traffic_of(s), l, detail::traffic_bytes(s, l.ranks));
}

}  // namespace shardtype
