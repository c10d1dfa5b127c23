#pragma once

#include <shardtype/plan/mesh_shapes.hpp>
#include <shardtype/plan/planning.hpp>

namespace shardtype {

/// What became of a mesh.
enum class mesh_verdict : unsigned char {
    searched,    ///< it has a plan, or none that beats an earlier mesh's
    cut,         ///< a bound showed beforehand that it has none that is faster
    illegal,     ///< a rule refuses the model there
    infeasible,  ///< no plan fits into the memory: a bound or the search showed it
};

/// The best of all meshes that a world of devices can be.
struct mesh_choice {
    mesh_degrees degrees{};  ///< of the best; where nothing fits, of the one that needs the least memory
    model_plan plan{};       ///< on its axes, those of one device left out; `invalid` where all are illegal
    int meshes = 0;          ///< all of them, and of these
    int searched = 0;        ///< were searched
    int cut = 0;             ///< were cut by a bound before that
    int illegal = 0;         ///< are refused by a rule
    int infeasible = 0;      ///< have no plan that fits
};

namespace detail {

/// Ways to keep the state of a unit (ZeRO-1, ZeRO-2, FSDP), and to run a block: as many for each of two branches, with
/// recomputation and without.
inline constexpr int mesh_unit_room = 3, mesh_block_room = 32, mesh_options_room = 64;

/// What the search takes on one mesh: one layout between the layers.
template <class Model>
struct mesh_types {
    static constexpr unit_list units = units_of<Model>();
    static constexpr int leaves = units.count > 0 ? units.leaves() : 1, repeats = units.repeats > 0 ? 1 : 0;
    static constexpr int count = units.count > 0 ? units.count : 1;
    using options = class_options<count, mesh_unit_room>;
    using problem = model_problem<1, leaves + repeats, mesh_options_room, leaves + repeats * units.trips>;
};

template <class Model, class Operations, class BackEnd>
constexpr class_core mesh_core(planned_case const& of, int batch_parts, int tp) {
    mesh_degrees const d = probed_for(batch_parts, tp);
    cluster const on = cluster_of(of.on.on, d);
    placement_policy const p = probing_policy(d, on);
    return probe_class<Model, Operations>(p, on, of.whole, of.batch, of.element, of.compute, BackEnd::scratch,
                                          room_of<BackEnd>);
}

/// The options of all units on a mesh.
template <class Types>
constexpr typename Types::options mesh_options(planned_case const& of, mesh_degrees const& d,
                                               class_core const& probed) {
    int const number = class_of(d);
    return options_of_class<Types::count, mesh_unit_room>(of, number,
                                                          on_other_mesh(class_policy(of.on, number), probed));
}
/// What no plan with these options goes below.
struct mesh_bound {
    long time = 0;    // ns; `unreachable`: some unit is not legal
    long memory = 0;  // KiB
};
template <class Options>
constexpr mesh_bound bound_of(Options const& of, planned_case const& on) {
    long time = 0, bytes = of.constants, window = 0, kept = 0, input = -1;
    for (int u = 0; u < on.units.count; ++u) {
        bool const in_block = on.units.unit[u].in_block;
        long const times = in_block ? on.units.trips : 1;
        unit_option least = of.option[u][0];
        if (of.count[u] == 0) return {unreachable, unreachable};
        for (int k = 0; k < of.count[u]; ++k) {
            unit_option const& o = of.option[u][k];
            if (o.cost.time() < least.cost.time()) least.cost.compute = o.cost.time(), least.cost.exposed = 0;
            if (o.cost.state < least.cost.state) least.cost.state = o.cost.state;
            if (o.cost.activations < least.cost.activations) least.cost.activations = o.cost.activations;
            if (o.cost.window < least.cost.window) least.cost.window = o.cost.window;
        }
        time += times * least.cost.time();
        bytes += times * least.cost.state;
        if (least.cost.window > window) window = least.cost.window;
        if (in_block && input < 0) input = least.input > 0 ? least.input : align_up(of.stream.local_bytes());
        (in_block ? kept : bytes) += least.cost.activations;
    }
    if (on.bound.recompute && input >= 0 && input < kept) kept = input;
    return {time, (bytes + on.units.trips * kept + window) / 1024};
}
template <class Types>
constexpr typename Types::problem mesh_problem(planned_case const& of, typename Types::options const& options,
                                               long below) {
    typename Types::options const all[1] = {options};
    class_edges<1> const edges[1]{};
    auto p = assemble<typename Types::problem, mesh_block_room>(of, all, edges);
    p.chain.below = below;
    return p;
}
template <class Types, class Solution>
constexpr model_plan mesh_plan(planned_case const& of, typename Types::options const& options,
                               typename Types::problem const& problem, Solution const& solution) {
    typename Types::options const all[1] = {options};
    class_edges<1> const edges[1]{};
    return decode(of, all, edges, problem, solution);
}

/// Meshes in the order of a bound: of those with as many tensor ranks the one with the most shards first, as it fits best.
template <int Room>
struct mesh_order {
    int count = 0;            ///< used
    mesh_degrees at[Room]{};  ///< the meshes
    long bound[Room]{};       ///< ns, `unreachable` where the model is not legal

    constexpr void add(mesh_degrees const& d, long least) {
        if (count == Room) return;
        int k = count++;
        for (; k > 0 && least < bound[k - 1]; --k) at[k] = at[k - 1], bound[k] = bound[k - 1];
        at[k] = d, bound[k] = least;
    }
    constexpr void add_all(int world_size, int tp, long least) {
        for (int shard = world_size / tp; shard >= 1; --shard)
            if (world_size / tp % shard == 0) add({world_size / tp / shard, shard, tp}, least);
    }
};

/// What is known after some meshes.
struct mesh_walk {
    long best = unreachable;      // ns
    long smallest = unreachable;  // KiB, where nothing fits
    int winner = -1;              // of the order
    int tally[4]{};               // by verdict

    /// Whether to search a mesh with this bound, or why not.
    constexpr mesh_verdict judge(mesh_bound const& b, long budget) const {
        if (b.time == unreachable) return mesh_verdict::illegal;
        if (b.time >= best) return mesh_verdict::cut;
        bool const too_large = b.memory > budget && (best < unreachable || b.memory >= smallest);
        return too_large ? mesh_verdict::infeasible : mesh_verdict::searched;
    }
    constexpr void skip(mesh_verdict why) { ++tally[static_cast<int>(why)]; }
    template <class Solution>
    constexpr mesh_verdict take(int mesh, Solution const& s) {
        mesh_verdict const what = s.outcome == chain_outcome::infeasible || s.outcome == chain_outcome::no_path
                                      ? mesh_verdict::infeasible
                                      : mesh_verdict::searched;
        skip(what);
        bool const found = s.time < best && what == mesh_verdict::searched;
        if (found) best = s.time, winner = mesh;
        if (what == mesh_verdict::infeasible && best == unreachable && s.memory < smallest && s.positions > 0)
            smallest = s.memory, winner = mesh;
        return what;
    }
    constexpr void tell(mesh_choice& out, int meshes) const {
        out.meshes = meshes;
        out.searched = tally[0], out.cut = tally[1], out.illegal = tally[2], out.infeasible = tally[3];
    }
};

}  // namespace detail
}  // namespace shardtype
