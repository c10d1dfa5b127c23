#pragma once

#include <shardtype/model/layer_names.hpp>
#include <shardtype/rules/conversion.hpp>

namespace shardtype {

/// What one mesh axis is used for.
enum class role : unsigned char {
    none,
    data_parallel,
    sharded_optimizer,
    sharded_gradients,
    fully_sharded,
    tensor_parallel,
    sequence_parallel
};

/// DDP: the batch is split, parameters are stored whole; gradients are all-reduced.
template <class Axis>
struct ddp {
    using axis = Axis;
    static constexpr role value = role::data_parallel;
};
/// ZeRO-1: the batch is split, optimizer states and the weights that they update are stored in shards. Each rank keeps a
/// whole copy of the weights, gathered once per step, and sums whole gradients, reduced once per step.
template <class Axis>
struct zero1 {
    using axis = Axis;
    static constexpr role value = role::sharded_optimizer;
};
/// ZeRO-2: as `zero1`, but gradients are reduced to their shards as they are made, in each micro-batch.
template <class Axis>
struct zero2 {
    using axis = Axis;
    static constexpr role value = role::sharded_gradients;
};
/// FSDP, ZeRO-3: the batch is split, parameters, gradients and optimizer states are stored in shards; gathered for use.
template <class Axis>
struct fsdp {
    using axis = Axis;
    static constexpr role value = role::fully_sharded;
};
/// FSDP of parameters whose rows may not divide evenly: those are stored in padded shards, whose last ranks hold fewer
/// rows; the others as `fsdp` stores them. Costs memory and bytes for the padding.
template <class Axis>
struct padded_fsdp {
    using axis = Axis;
    static constexpr role value = role::fully_sharded;
    static constexpr bool pads = true;  ///< parameters whose rows do not divide
};
/// Weights are split by columns and rows; between layers activations are whole on every rank.
template <class Axis>
struct tensor_parallel {
    using axis = Axis;
    static constexpr role value = role::tensor_parallel;
};
/// Tensor parallel, with the sequence split between layers: norms and residuals hold 1/n of the tokens.
template <class Axis>
struct sequence_parallel {
    using axis = Axis;
    static constexpr role value = role::sequence_parallel;
};

/// Activations are not kept for backward but made again there: per trip of a repeat, or of the layers that it is given
/// for. Costs one more forward of them.
struct recompute {
    static constexpr bool again = true;
};
/// The contrary, for layers within others that recompute.
struct keep_activations {
    static constexpr bool again = false;
};

/// Other roles for some layers: `in_layers<"layers.0-2.attention", tensor_parallel<tp>>`. The name is that of the `named`
/// layers, with the trips of a repeat as `*`, a number or a range; axes without a role here keep theirs. The later of two
/// that name one layer wins. Tensors are redistributed where layers that lie otherwise meet.
/// @pre a layer has this name [ST-S618]
template <fixed_string Layers, class... Roles>
struct in_layers {};

/// One role for each axis that is used: `strategy<fsdp<dp>, sequence_parallel<tp>>`. An axis of one device needs none; the
/// role of an axis that the mesh divides is that of its parts.
/// @pre no axis without a role, none with two [ST-S616]; the axes are the mesh's [ST-M003]
/// @snippet 05_chain.cpp jobs
template <class... Roles>
struct strategy {};

/// A dimension of a parameter that tensor parallelism may split: rows for column-parallel weights (stored [out, in]),
/// columns for row-parallel ones. sequence: rows are positions, split where the sequence is between layers.
enum class split : unsigned char { none, rows, columns, sequence };

/// A strategy as a value: where the tensors of a transformer lie.
struct placement_policy {
    static constexpr long any_parts = 1L << 40;  ///< a parameter that all tensor axes split

    int axes = 0;               ///< of the mesh
    int axis_size[max_axes]{};  ///< devices
    role on[max_axes]{};        ///< of each axis
    bool pads[max_axes]{};      ///< parameters' rows may be uneven on it
    bool recomputes = false;    ///< activations are made again for backward
    int twice = -1;             ///< an axis that was given two roles

    /// The first axis that has not exactly one role (one device needs none), or -1.
    constexpr int without_role() const {
        if (twice >= 0) return twice;
        for (int a = 0; a < axes; ++a)
            if (on[a] == role::none && axis_size[a] > 1) return a;
        return -1;
    }
    /// Whether every axis has exactly one role, as `without_role` counts.
    constexpr bool complete() const { return without_role() < 0; }

    /// Whether axis a splits the batch.
    constexpr bool splits_batch(int a) const { return on[a] >= role::data_parallel && on[a] <= role::fully_sharded; }
    /// Whether parameters are stored in shards over axis a, besides what tensor parallelism splits.
    constexpr bool splits_state(int a) const { return splits_batch(a) && on[a] != role::data_parallel; }
    /// Whether axis a splits weights by rows and columns.
    constexpr bool splits_weights(int a) const {
        return on[a] == role::tensor_parallel || on[a] == role::sequence_parallel;
    }
    /// In how many parts the batch is split.
    constexpr int batch_parts() const {
        int n = 1;
        for (int a = 0; a < axes; ++a)
            if (splits_batch(a)) n *= axis_size[a];
        return n;
    }

    /// A tensor that is invariant on every axis.
    constexpr layout whole(dtype t, int rank, long const* extent) const {
        layout x;
        x.type = t;
        x.rank = rank;
        x.axes = axes;
        for (int d = 0; d < rank; ++d) x.extent[d] = extent[d];
        for (int a = 0; a < axes; ++a) x.axis_size[a] = axis_size[a];
        return x;
    }
    /// Token ids and other inputs: the batch split over the data axes.
    constexpr layout input(dtype t, int rank, long const* extent) const {
        layout x = whole(t, rank, extent);
        for (int a = 0; a < axes; ++a)
            if (splits_batch(a)) append(x, a, 0);
        return x;
    }
    /// A tensor of the residual stream, [batch, sequence, ...]: between layers, or inside a tensor-parallel region.
    constexpr layout stream(layout x, bool within = false) const {
        for (int a = 0; a < axes; ++a) x.on[a] = on_invariant;
        for (int a = 0; a < axes; ++a)
            if (splits_batch(a)) append(x, a, 0);
        for (int a = 0; a < axes; ++a) {
            if (!splits_weights(a)) continue;
            placement const to = within ? inside() : between(a);
            if (to.is == kind::shard)
                append(x, a, to.dim);
            else
                x.on[a] = to;
        }
        return x;
    }
    /// A parameter between steps: split by the tensor axes as `by` says, then its rows by those that split the state. Those
    /// that gather once per step are the minor ones, so that they can be gathered first.
    /// `parts`: into so many parts it may be split (kv heads); the axes behind those have it whole.
    constexpr layout stored(dtype t, int rank, long const* extent, split by, long parts = any_parts) const {
        layout x = split_weight(t, rank, extent, by, parts);
        constexpr role order[] = {role::fully_sharded, role::sharded_gradients, role::sharded_optimizer};
        for (role const r : order)
            for (int a = 0; a < axes; ++a)
                if (on[a] == r) {
                    append(x, a, 0);
                    x.on[a].padded = pads[a];
                }
        return with_padding_in_place(x);
    }
    /// A stored parameter, gathered from the axes with role r.
    constexpr layout gathered(layout x, role r) const {
        for (int a = 0; a < axes; ++a)
            if (on[a] == r) x.on[a] = on_replicate;
        return x;
    }
    /// The same parameter when a step uses it: gathered from the fully sharded axes, replicate where tokens are split or
    /// where a tensor-parallel region has it whole.
    constexpr layout used(dtype t, int rank, long const* extent, split by, long parts = any_parts) const {
        layout x = split_weight(t, rank, extent, by, parts);
        for (int a = 0; a < axes; ++a) {
            bool const inside = splits_weights(a) && by != split::none && by != split::sequence;
            bool const whole_tokens = inside || on[a] == role::sequence_parallel;
            if (splits_batch(a) || (whole_tokens && x.on[a].is != kind::shard)) x.on[a] = on_replicate;
        }
        return x;
    }
    /// Inside a tensor-parallel region, what was whole or split by sequence is used as replicate.
    constexpr placement inside() const { return on_replicate; }
    /// Between layers.
    constexpr placement between(int a) const { return on[a] == role::sequence_parallel ? on_shard(1) : on_invariant; }

  private:
    static constexpr void append(layout& x, int a, int dim) {
        auto const order = static_cast<signed char>(x.shards(dim));
        x.on[a] = {kind::shard, static_cast<signed char>(dim), order};
    }
    constexpr layout split_weight(dtype t, int rank, long const* extent, split by, long parts) const {
        layout x = whole(t, rank, extent);
        int const dim = by == split::columns ? 1 : 0;
        for (int a = 0; a < axes; ++a)
            if (splits_weights(a) && by != split::none && (by != split::sequence || on[a] == role::sequence_parallel) &&
                x.parts(dim) < parts)
                append(x, a, dim);
        return x;
    }
};

/// Layers that a strategy treats otherwise.
struct layer_exception {
    label layers{};             ///< their name, as `in_layers` says
    role on[max_axes]{};        ///< none: as without it
    bool pads[max_axes]{};      ///< of the axes with a role
    bool decides = false;       ///< about recomputing:
    bool recomputes = false;    ///< this
    int twice = -1;             ///< an axis that was given two roles
};

/// A strategy as a value, for all layers of a model.
struct model_strategy {
    static constexpr int max_exceptions = 12;  ///< room; more is [ST-S604]

    placement_policy whole{};                   ///< of layers without an exception
    layer_exception except[max_exceptions]{};  ///< in the order of writing
    int exceptions = 0;                         ///< used of `except`

    constexpr model_strategy() = default;
    /// One policy for all layers.
    constexpr model_strategy(placement_policy const& p) : whole(p) {}  // NOLINT(google-explicit-constructor)

    /// `p`, changed as the exceptions that name this layer say; they are marked in `found`.
    constexpr placement_policy within(placement_policy p, label const& layer, trip_range open, unsigned& found) const {
        for (int e = 0; e < exceptions; ++e) {
            layer_exception const& x = except[e];
            if (!detail::names_layer(x.layers, layer, open)) continue;
            found |= 1U << e;
            for (int a = 0; a < p.axes; ++a)
                if (x.on[a] != role::none) p.on[a] = x.on[a], p.pads[a] = x.pads[a];
            if (x.decides) p.recomputes = x.recomputes;
            if (x.twice >= 0) p.twice = x.twice;
        }
        return p;
    }
    /// The first trip after `from` of the repeat called `repeat` where an exception begins or ends; at most `trips`.
    constexpr int next_change(label const& repeat, int from, int trips) const {
        int next = trips;
        for (int e = 0; e < exceptions; ++e) {
            trip_range const t = detail::trips_named(except[e].layers, repeat);
            if (t.first >= t.end) continue;
            if (t.first > from && t.first < next) next = t.first;
            if (t.end > from && t.end < next) next = t.end;
        }
        return next;
    }
};

namespace detail {
template <class Role>
constexpr bool pads_rows() {
    return requires { Role::pads; };
}
/// Gives a role to an axis, or to all parts that it is divided into.
template <class Mesh, class Role, class Roles, class... Parts>
constexpr void assign(Roles& p, type_list<Parts...>) {
    int const at[] = {Mesh::template index_of<Parts>()...};
    for (int a : at) {
        if (a < 0) continue;  // raised by index_of
        if (p.on[a] != role::none) p.twice = a;
        p.on[a] = Role::value;
        p.pads[a] = pads_rows<Role>();
    }
}
template <class Mesh, class Role, class Roles>
constexpr void take(Roles& p) {
    if constexpr (requires { Role::again; }) {
        p.recomputes = Role::again;
        if constexpr (requires { p.decides; }) p.decides = true;
    } else {
        assign<Mesh, Role>(p, typename Mesh::template parts_of<typename Role::axis>{});
    }
}

/// One argument of a strategy: a role, or layers with roles of their own.
template <class Mesh, class Role>
struct strategy_part {
    static constexpr void add(model_strategy& s) { take<Mesh, Role>(s.whole); }
};
template <class Mesh, fixed_string Layers, class... Roles>
struct strategy_part<Mesh, in_layers<Layers, Roles...>> {
    static constexpr void add(model_strategy& s) {
        if (s.exceptions++ >= model_strategy::max_exceptions) return;  // S604 when it is read
        layer_exception& x = s.except[s.exceptions - 1];
        x.layers.append(Layers.data);
        (take<Mesh, Roles>(x), ...);
    }
};
template <class Mesh, class... Parts>
constexpr model_strategy strategy_value(strategy<Parts...>*) {
    placement_policy p;
    p.axes = Mesh::axes;
    for (int a = 0; a < max_axes; ++a) p.axis_size[a] = Mesh::axis_size[a];
    model_strategy s(p);
    (strategy_part<Mesh, Parts>::add(s), ...);
    return s;
}
}  // namespace detail

/// The value of a strategy on a mesh.
template <class Mesh, class Strategy>
inline constexpr model_strategy strategy_of = detail::strategy_value<Mesh>(static_cast<Strategy*>(nullptr));

/// The same without its exceptions.
template <class Mesh, class Strategy>
inline constexpr placement_policy policy = strategy_of<Mesh, Strategy>.whole;

}  // namespace shardtype
