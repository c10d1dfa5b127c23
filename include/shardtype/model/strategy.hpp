#pragma once

#include <shardtype/rules/conversion.hpp>

namespace shardtype {

/// What one mesh axis is used for.
enum class role : unsigned char { none, data_parallel, fully_sharded, tensor_parallel, sequence_parallel };

/// DDP: the batch is split, parameters are stored whole; gradients are all-reduced.
template <class Axis>
struct ddp {
    using axis = Axis;
    static constexpr role value = role::data_parallel;
};
/// FSDP: the batch is split, parameters, gradients and optimizer states are stored in shards; gathered for use.
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

/// One role for each axis that is used: `strategy<fsdp<dp>, sequence_parallel<tp>>`. An axis of one device needs none; the
/// role of an axis that the mesh divides is that of its parts.
/// @pre no axis without a role, none with two [ST-S616]; the axes are the mesh's [ST-M003]
/// @snippet 05_chain.cpp jobs
template <class... Roles>
struct strategy {};

/// A dimension of a parameter that tensor parallelism may split: rows for column-parallel weights (stored [out, in]),
/// columns for row-parallel ones.
enum class split : unsigned char { none, rows, columns };

/// A strategy as a value: where the tensors of a transformer lie.
struct placement_policy {
    static constexpr long any_parts = 1L << 40;  ///< a parameter that all tensor axes split

    int axes = 0;               ///< of the mesh
    int axis_size[max_axes]{};  ///< devices
    role on[max_axes]{};        ///< of each axis
    bool pads[max_axes]{};      ///< parameters' rows may be uneven on it
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
    constexpr bool splits_batch(int a) const { return on[a] == role::data_parallel || on[a] == role::fully_sharded; }
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
    /// A parameter between steps: split by the tensor axes as `by` says, then its rows by the fully sharded ones.
    /// `parts`: into so many parts it may be split (kv heads); the axes behind those have it whole.
    constexpr layout stored(dtype t, int rank, long const* extent, split by, long parts = any_parts) const {
        layout x = split_weight(t, rank, extent, by, parts);
        for (int a = 0; a < axes; ++a)
            if (on[a] == role::fully_sharded) {
                append(x, a, 0);
                x.on[a].padded = pads[a];
            }
        return with_padding_in_place(x);
    }
    /// The same parameter when a step uses it: gathered from the fully sharded axes, replicate where tokens are split or
    /// where a tensor-parallel region has it whole.
    constexpr layout used(dtype t, int rank, long const* extent, split by, long parts = any_parts) const {
        layout x = split_weight(t, rank, extent, by, parts);
        for (int a = 0; a < axes; ++a) {
            bool const inside = splits_weights(a) && by != split::none;
            if (splits_batch(a) || (inside ? x.on[a].is != kind::shard : on[a] == role::sequence_parallel))
                x.on[a] = on_replicate;
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
        int const dim = by == split::rows ? 0 : 1;
        for (int a = 0; a < axes; ++a)
            if (splits_weights(a) && by != split::none && x.parts(dim) < parts) append(x, a, dim);
        return x;
    }
};

namespace detail {
template <class Role>
constexpr bool pads_rows() {
    return requires { Role::pads; };
}
/// Gives a role to an axis, or to all parts that it is divided into.
template <class Mesh, class Role, class... Parts>
constexpr void assign(placement_policy& p, type_list<Parts...>) {
    int const at[] = {Mesh::template index_of<Parts>()...};
    for (int a : at) {
        if (a < 0) continue;  // raised by index_of
        if (p.on[a] != role::none) p.twice = a;
        p.on[a] = Role::value;
        p.pads[a] = pads_rows<Role>();
    }
}
template <class Mesh, class... Roles>
constexpr placement_policy policy_of(strategy<Roles...>*) {
    placement_policy p;
    p.axes = Mesh::axes;
    for (int a = 0; a < max_axes; ++a) p.axis_size[a] = Mesh::axis_size[a];
    (assign<Mesh, Roles>(p, typename Mesh::template parts_of<typename Roles::axis>{}), ...);
    return p;
}
}  // namespace detail

/// The value of a strategy on a mesh.
template <class Mesh, class Strategy>
inline constexpr placement_policy policy = detail::policy_of<Mesh>(static_cast<Strategy*>(nullptr));

}  // namespace shardtype
