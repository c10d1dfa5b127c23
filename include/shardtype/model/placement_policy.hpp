#pragma once

#include <shardtype/model/roles.hpp>
#include <shardtype/rules/conversion.hpp>

namespace shardtype {

/// A dimension of a parameter that tensor parallelism may split: rows for column-parallel weights (stored [out, in]),
/// columns for row-parallel ones. sequence: rows are positions, split where the sequence is between layers.
enum class split : unsigned char { none, rows, columns, sequence };

/// A strategy as a value: where the tensors of a transformer lie.
struct placement_policy {
    static constexpr long any_parts = 1L << 40;  ///< a parameter that all tensor axes split

    /// Equal in all.
    constexpr bool operator==(placement_policy const&) const = default;

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

}  // namespace shardtype
