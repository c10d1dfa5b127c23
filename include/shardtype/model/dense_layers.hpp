#pragma once

#include <shardtype/model/layers.hpp>

namespace shardtype {

// Layers with biases, learned positions and a tied head, as GPT-2 has them. The same rules as for those of
// model/layers.hpp: a layer declares parameters and applies operations, all else follows.

namespace detail {

inline constexpr initialiser zeros{init::ones, 0};
inline constexpr initialiser small_normal{init::normal, 0.02};

/// 1 / sqrt(n) by Newton's iteration: <cmath> has no constant one.
constexpr double inverse_root(double n) {
    double x = 1 / n;
    for (int i = 0; i < 60; ++i) x *= 1.5 - 0.5 * n * x * x;
    return x;
}
/// Into the residual stream, which sums two projections of each layer.
template <int Layers>
inline constexpr initialiser into_residual{init::normal, 0.02 * inverse_root(2 * Layers)};

/// x plus a parameter `name.bias`.
constexpr short add_bias(graph& g, short x, char const* name, split by) {
    if (!g.ok() || x < 0) return -1;
    long const extent[] = {g.at(x).extent[2]};
    return g.apply<rules::bias>(x, g.parameter(name, 1, extent, by, zeros, parameter_kind::bias));
}
/// Column-parallel: every rank has its rows of the weight and its part of the bias.
constexpr short dense_columns(graph& g, short x, char const* name, long out) {
    return add_bias(g, project(g, x, name, out, split::rows, small_normal), name, split::rows);
}
/// Row-parallel, out of the region. The bias is added behind the reduction: to a partial sum it would count once per
/// rank.
constexpr short dense_rows(graph& g, short x, char const* name, long out, initialiser how) {
    return add_bias(g, g.leave(project(g, x, name, out, split::columns, how)), name, split::none);
}

}  // namespace detail

/// (x - mean) / sqrt(variance + 1e-5) * weight + bias.
struct layer_norm {
    static constexpr short read(graph& g, short x) {
        if (!g.ok() || x < 0) return -1;
        x = g.stream(x);
        long const extent[] = {g.at(x).extent[2]};
        short const w = g.parameter("", 1, extent, split::none, {init::ones, 1});
        short const b = g.parameter("", 1, extent, split::none, detail::zeros, parameter_kind::bias);
        short const y = g.apply<rules::layer_norm>(x, w, b);
        if (g.ok()) g.nodes[g.node_count - 1].real = 1e-5;
        return y;
    }
};

/// Causal self-attention with biases and without rotary positions. Parameters c_attn.q, c_attn.k, c_attn.v (the three
/// parts of GPT-2's c_attn, stored [out, in]) split by rows, c_proj by columns. Layers of the model scale c_proj's first
/// values.
/// @pre Heads divide the columns [ST-S610]; the tensor axes divide Heads [ST-S608]
template <long Heads, int Layers = 1>
struct biased_attention {
    static_assert(Heads > 0 && Layers > 0, "biased_attention<Heads, Layers> needs at least one of each");
    static constexpr short read(graph& g, short x) {
        if (!g.ok() || x < 0) return -1;
        layout const in = g.at(x);
        long const b = in.extent[0], s = in.extent[1], dim = in.extent[2], d = dim / Heads;
        if (dim % Heads != 0) {
            g.instead.extent = dim, g.instead.parts = Heads;
            return g.fail(code::head_dimension);
        }
        detail::kv_division const kv = detail::divide_kv_heads(g.policy, Heads);
        if (kv.axis >= 0) {
            g.instead.extent = Heads, g.instead.parts = kv.parts;
            return g.fail(code::layer_not_divisible, kv.axis);
        }
        x = g.enter(x);
        short const q = g.reshape(detail::dense_columns(g, x, "c_attn.q", dim), b, s, Heads, d);
        short const k = g.reshape(detail::dense_columns(g, x, "c_attn.k", dim), b, s, Heads, d);
        short const v = g.reshape(detail::dense_columns(g, x, "c_attn.v", dim), b, s, Heads, d);
        short const o = g.reshape(g.apply<rules::attention>(q, k, v), b, s, dim);
        return detail::dense_rows(g, o, "c_proj", dim, detail::into_residual<Layers>);
    }
};

/// c_proj(gelu(c_fc x)) with Width hidden columns and biases. Layers of the model scale c_proj's first values.
template <long Width, int Layers = 1>
struct gelu_mlp {
    static_assert(Width > 0 && Layers > 0, "gelu_mlp<Width, Layers> needs at least one of each");
    static constexpr short read(graph& g, short x) {
        if (!g.ok() || x < 0) return -1;
        long const dim = g.at(x).extent[2];
        short const y = g.apply<rules::gelu>(detail::dense_columns(g, g.enter(x), "c_fc", Width));
        return detail::dense_rows(g, y, "c_proj", dim, detail::into_residual<Layers>);
    }
};

/// x plus a learned table by position. @pre rows have Sequence tokens [ST-S622]
template <long Sequence>
struct position_embedding {
    static constexpr short read(graph& g, short x) {
        if (!g.ok() || x < 0) return -1;
        if (g.at(x).extent[1] != Sequence) {
            g.instead.extent = g.at(x).extent[1];
            return g.fail(code::positions_of_rows, -1);
        }
        x = g.stream(x);
        long const extent[] = {Sequence, g.at(x).extent[2]};
        return g.apply<rules::positions>(x, g.parameter("", 2, extent, split::sequence, detail::small_normal));
    }
};

/// `embedding` with the first values of a table that is the head's too: normal, 0.02.
template <long Vocabulary, long Dim>
struct small_embedding {
    static constexpr short read(graph& g, short tokens) {
        short const y = embedding<Vocabulary, Dim>::read(g, tokens);
        if (g.ok()) g.parameters[g.parameter_count - 1].init = detail::small_normal;
        return y;
    }
};

/// The logits by the table `Name.weight` that an embedding outside of repeats has declared; both gradients are summed.
/// Under tensor parallelism the logits stay sharded. The table is stored as the strategy of the embedding says.
/// @pre there is such a table, and each axis splits it for both layers or for neither [ST-S620]
template <fixed_string Name>
struct tied_linear {
    static constexpr short read(graph& g, short x) {
        label name;
        name.append(Name.data);
        name.append("weight");
        return g.apply<rules::linear>(g.enter(x), g.tied(name.data, split::rows));
    }
};

}  // namespace shardtype
