#pragma once

#include <shardtype/mesh/hardware.hpp>

namespace shardtype {

/// A member of `measured_rates`.
enum class measured_member : unsigned char {
    none,
    attention,
    network_efficiency,
    in_node,
    ring,
    small_ring,
    tree,
    small_in_node,
    small_between_nodes,
    product_memory,
    kernels,
};

namespace detail {

/// A member that is at fault: `hardware::launch`, what it is, what it has to be.
struct member_words {
    char const* name = "";
    long value = 0;
    char const* wanted = "";
    bool is_address = false;
    measured_member of = measured_member::none;  ///< which of those it is, or is in
};
inline constexpr long most_latency = 1'000'000'000;  // ns

/// The rows of one collective: all of them, or none.
constexpr member_words fault_of_rows(link_speed const (&row)[3], char const* name) {
    for (link_speed const& r : row) {
        if (r.bandwidth < 0 || (r.bandwidth == 0 && row[0].bandwidth != 0))
            return {name, r.bandwidth, "bandwidths above 0, or 0 in the first row", false, measured_member::in_node};
        if (r.latency < 0 || r.latency > most_latency)
            return {name, r.latency, "latencies from 0 to 1000000000", false, measured_member::in_node};
    }
    return {};
}
constexpr member_words fault_of_steps(step_latency const& s, measured_member of, char const* name) {
    for (int i = 0; i < 3; ++i) {
        long const t = i == 0 ? s.base : i == 1 ? s.link : s.network;
        if (t < 0 || t > most_latency) return {name, t, "latencies from 0 to 1000000000", false, of};
    }
    return {};
}
constexpr member_words fault_of_attention(attention_rate const& a) {
    constexpr measured_member of = measured_member::attention;
    if (a.forward < 1) return {"attention_rate::forward", a.forward, "above 0", false, of};
    if (a.forward_half < 0) return {"attention_rate::forward_half", a.forward_half, "at least 0", false, of};
    if (a.backward < 1) return {"attention_rate::backward", a.backward, "above 0", false, of};
    if (a.backward_half < 0) return {"attention_rate::backward_half", a.backward_half, "at least 0", false, of};
    return {};
}
/// The first member of what was measured with which something has no price; `of` none: there is none.
constexpr member_words fault_of_measured(measured_rates const& m, bool has_network) {
    using member = measured_member;
    member_words w = fault_of_attention(m.attention);
    if (w.of == member::none) w = fault_of_rows(m.in_node.gather, "collective_table::gather");
    if (w.of == member::none) w = fault_of_rows(m.in_node.reduce, "collective_table::reduce");
    if (w.of == member::none) w = fault_of_rows(m.in_node.exchange, "collective_table::exchange");
    if (w.of == member::none) w = fault_of_steps(m.ring, member::ring, "measured_rates::ring");
    if (w.of == member::none) w = fault_of_steps(m.small_ring, member::small_ring, "measured_rates::small_ring");
    if (w.of == member::none) w = fault_of_steps(m.tree, member::tree, "measured_rates::tree");
    if (w.of != member::none) return w;
    if (m.network_efficiency < 1 || m.network_efficiency > 1000)
        return {"measured_rates::network_efficiency", m.network_efficiency, "from 1 to 1000", false,
                member::network_efficiency};
    bool const has_ring = m.small_ring.base > 0 || m.small_ring.link > 0 || m.small_ring.network > 0;
    if (m.small_in_node < (has_ring ? 1 : 0))
        return {"measured_rates::small_in_node", m.small_in_node, "above 0 beside `small_ring`", false,
                member::small_in_node};
    if (m.small_between_nodes < (has_ring && has_network ? 1 : 0))
        return {"measured_rates::small_between_nodes", m.small_between_nodes, "above 0 beside `small_ring`", false,
                member::small_between_nodes};
    if (m.product_memory < 0)
        return {"measured_rates::product_memory", m.product_memory, "at least 0", false, member::product_memory};
    for (kernel_share const& k : m.kernels) {
        if (k.kernel == 0) break;
        if (k.per_mille < 1) return {"kernel_share::per_mille", k.per_mille, "above 0", false, member::kernels};
    }
    return {};
}

}  // namespace detail

}  // namespace shardtype
