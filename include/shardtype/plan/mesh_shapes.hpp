#pragma once

#include <shardtype/plan/planned_case.hpp>
#include <shardtype/plan/class_core.hpp>

namespace shardtype {

/// How a world of devices is used: the sizes of the axes dp_replicate, dp_shard and tp, the last of them the fastest.
struct mesh_degrees {
    int dp_replicate = 1;  ///< copies of the model: DDP
    int dp_shard = 1;      ///< ranks that share the state: ZeRO and FSDP
    int tp = 1;            ///< ranks that share each matrix: sequence parallelism

    /// Equal in all.
    constexpr bool operator==(mesh_degrees const&) const = default;
    /// In how many parts the batch is split.
    constexpr int batch_parts() const { return dp_replicate * dp_shard; }
};

/// In how many ways a world is a product of three degrees: 28 for 64 devices, 120 for 16,384. Time: world_size.
constexpr int meshes_of(int world_size) {
    int n = 0;
    for (int tp = 1; tp <= world_size; ++tp)
        for (int shard = 1; world_size % tp == 0 && shard <= world_size / tp; ++shard)
            n += world_size / tp % shard == 0 ? 1 : 0;
    return n;
}

namespace detail {

/// The devices as a mesh without the axes of one device, as `job_axes` has it.
constexpr cluster cluster_of(hardware const& on, mesh_degrees const& d) {
    cluster c;
    c.on = on;
    int const size[] = {d.dp_replicate, d.dp_shard, d.tp};
    for (int const n : size)
        if (n > 1) c.axis_size[c.axes++] = n;
    if (c.axes == 0) c.axis_size[c.axes++] = 1;
    return c;
}

/// How the activations lie: the batch over the data axes, the sequence over tp.
constexpr int class_of(mesh_degrees const& d) { return d.tp > 1 ? 1 : 0; }

/// The same problem on one mesh: what its axes may have is given by which they are.
constexpr planned_case case_on(planned_case of, mesh_degrees const& d) {
    hardware const on = of.on.on;
    of.on = cluster_of(on, d);
    int const size[] = {d.dp_replicate, d.dp_shard, d.tp};
    char const* const name[] = {"dp_replicate", "dp_shard", "tp"};
    role_set const may[] = {only(role::data_parallel),
                            only(role::sharded_optimizer) | only(role::sharded_gradients) | only(role::fully_sharded),
                            only(role::sequence_parallel)};
    int a = 0;
    for (int i = 0; i < 3; ++i) {
        if (size[i] == 1 && !(i == 1 && d == mesh_degrees{})) continue;
        of.bound.on_axis[a] = size[i] == 1 ? role_set{} : may[i];
        of.axis_name[a++].append(name[i]);
    }
    return of;
}

/// What stands for all meshes of so many parts of the batch and of so many tensor ranks where units are probed: one axis
/// of copies and as few ranks that share the state as can be, since they reduce gradients in the largest pieces.
constexpr mesh_degrees probed_for(int batch_parts, int tp) {
    int least = batch_parts;
    for (int n = 2; n * n <= batch_parts && least == batch_parts; ++n)
        if (batch_parts % n == 0) least = n;
    return {batch_parts / least, least, tp};
}
constexpr placement_policy probing_policy(mesh_degrees const& d, cluster const& on) {
    placement_policy p = class_policy(on, class_of(d));
    if (d.dp_replicate > 1) p.on[0] = role::data_parallel;
    return p;
}

/// A layout on one mesh as it is on another of as many tensor ranks: what lies on the data axes is left out.
constexpr layout on_other_mesh(placement_policy const& to, layout x) {
    bool const tensors = to.splits_weights(to.axes - 1);
    placement const last = tensors && x.axes > 0 ? x.on[x.axes - 1] : on_invariant;
    x.axes = to.axes;
    for (int a = 0; a < max_axes; ++a) {
        x.axis_size[a] = a < to.axes ? to.axis_size[a] : 0;
        x.on[a] = placement{};
        if (a < to.axes) x.on[a] = to.splits_weights(a) ? last : on_invariant;
    }
    return x;
}
/// What was probed for all meshes of so many tensor ranks, on one of them. Times and bytes of activations are the same
/// on all: tp is the fastest axis, and its groups lie alike. Parameters are stored otherwise.
constexpr class_core on_other_mesh(placement_policy const& to, class_core core) {
    for (unit_parameter& p : core.parameter) {
        if (p.stored.rank == 0) continue;
        p.stored = on_other_mesh(to, p.stored);
        p.used = on_other_mesh(to, p.used);
        for (int a = 0; a < to.axes; ++a)
            if (to.splits_batch(a)) p.used.on[a] = on_replicate;
    }
    layout whole = core.stream;
    if (whole.rank == 0) return core;
    for (int a = 0; a < whole.axes; ++a) whole.on[a] = on_invariant;
    core.stream = to.stream(on_other_mesh(to, whole));
    return core;
}

/// Whether so many ranks can split the batch.
constexpr bool splits_batch_into(batch_shape const& b, int parts) {
    return b.global % b.micro_batches == 0 && b.global / b.micro_batches % parts == 0;
}

/// ns of a step that no mesh with these units goes below: kernels and collectives of activations. `unreachable`: some
/// unit is not legal.
constexpr long time_bound(class_core const& core, planned_case const& of) {
    long time = 0;
    for (int u = 0; u < of.units.count; ++u) {
        unit_core const& c = core.unit[u];
        if (!c.legal) return unreachable;
        time += (of.units.unit[u].in_block ? of.units.trips : 1) *
                (c.kernels_forward + c.moves_forward + c.kernels_backward + c.moves_backward);
    }
    return of.batch.micro_batches * time;
}

/// KiB of a rank that no plan on a mesh with these units goes below: activations, and parameters split by all that may.
constexpr long memory_bound(class_core const& core, planned_case const& of, mesh_degrees const& d) {
    long bytes = core.constants, kept = 0, input = -1, window = 0;
    for (int u = 0; u < of.units.count; ++u) {
        unit_core const& c = core.unit[u];
        bool const in_block = of.units.unit[u].in_block;
        (in_block ? kept : bytes) += c.saved + c.input;
        if (in_block && input < 0) input = c.input > 0 ? c.input : core.stream.local_bytes();
        window = larger(window, larger(c.stored_forward, c.stored_backward));
        for (short k = c.first_parameter; k < c.end_parameter; ++k) {
            layout x = core.parameter[k].stored;
            for (int a = 0; a < x.axes - (d.tp > 1 ? 1 : 0); ++a) x.on[a] = on_invariant;
            bytes += (in_block ? of.units.trips : 1) * (4 * x.local_bytes() / d.dp_shard);
        }
    }
    if (of.bound.recompute && input >= 0 && input < kept) kept = input;
    return (bytes + of.units.trips * kept + window) / 1024;
}

}  // namespace detail
}  // namespace shardtype
