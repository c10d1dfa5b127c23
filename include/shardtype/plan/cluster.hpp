#pragma once

#include <shardtype/mesh/hardware.hpp>
#include <shardtype/mesh/mesh.hpp>

namespace shardtype {

/// A mesh on devices of a kind. Ranks are row-major, the last axis fastest, and a machine holds
/// `hardware::devices_per_node` consecutive ones.
struct cluster {
    hardware on{};              ///< each device
    int axes = 0;               ///< of the mesh
    int axis_size[max_axes]{};  ///< devices along each
};

namespace detail {
constexpr int devices_of(cluster const& c) {
    int n = 1;
    for (int a = 0; a < c.axes; ++a) n *= c.axis_size[a];
    return n;
}
}  // namespace detail

/// The mesh on these devices.
template <class Mesh>
constexpr cluster cluster_of(hardware const& on) {
    cluster c;
    c.on = on;
    c.axes = Mesh::axes;
    for (int a = 0; a < Mesh::axes; ++a) c.axis_size[a] = Mesh::axis_size[a];
    return c;
}

/// How the ranks of one group of an axis lie.
struct axis_link {
    int ranks = 1;           ///< of the group
    int ranks_per_node = 1;  ///< of them on one machine; divides `ranks`
    /// Machines.
    constexpr int nodes() const { return ranks / ranks_per_node; }
};

/// How the groups of this axis lie: [8, 4] on machines of 8, axis 0: 8 ranks, 2 per machine. Without a network all are one
/// machine's.
constexpr axis_link link_of(cluster const& c, int axis) {
    if (c.on.network_bandwidth == 0) return {c.axis_size[axis], c.axis_size[axis]};
    long stride = 1;  // from one rank of a group to the next
    for (int a = c.axes - 1; a > axis; --a) stride *= c.axis_size[a];
    axis_link l{c.axis_size[axis], 1};
    for (int n = 2; n <= l.ranks && n * stride <= c.on.devices_per_node; ++n)
        if (l.ranks % n == 0) l.ranks_per_node = n;
    return l;
}

}  // namespace shardtype
