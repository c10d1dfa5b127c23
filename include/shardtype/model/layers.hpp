#pragma once

#include <shardtype/model/graph.hpp>

namespace shardtype {

// A layer is a type with `read(graph&, x)`: it declares its parameters and applies operations. Gradients, collectives'
// duals, buffers and steps follow. Residual-stream tensors are [batch, sequence, hidden].

/// Rows of a table by token id: [b, s] to [b, s, Dim].
template <long Vocabulary, long Dim>
struct embedding {
    static constexpr short read(graph& g, short tokens) {
        long const extent[] = {Vocabulary, Dim};
        if (!g.ok() || tokens < 0) return -1;
        layout const in = g.at(tokens);
        tokens = g.redistribute(tokens, g.policy.input(in.type, in.rank, in.extent));
        short const w = g.parameter("", 2, extent, split::rows, {init::normal, 1});
        return g.leave(g.apply<rules::embedding>(tokens, w));
    }
};

/// x / sqrt(mean(x^2) + 1e-5) * weight.
struct rms_norm {
    static constexpr short read(graph& g, short x) {
        x = g.stream(x);
        long const extent[] = {g.at(x).extent[2]};
        short const w = g.parameter("", 1, extent, split::none, {init::ones, 1});
        short const y = g.apply<rules::rms_norm>(x, w);
        if (g.ok()) g.nodes[g.node_count - 1].real = 1e-5;
        return y;
    }
};

namespace detail {
// torchtitan's: wq wk wv w1 normal 0.02; wo w2 w3 0.02 / sqrt(2 (layer + 1))
inline constexpr initialiser small{init::truncated_normal, 0.02};
inline constexpr initialiser by_depth{init::depth_scaled, 0.02};

constexpr short project(graph& g, short x, char const* name, long out, split by, initialiser how,
                        long parts = placement_policy::any_parts) {
    long const extent[] = {out, g.at(x).extent[2]};
    return g.apply<rules::linear>(x, g.parameter(name, 2, extent, by, how, parameter_kind::weight, parts));
}

/// The first tensor axis that kv heads cannot be split over, and what to write instead.
struct kv_division {
    int axis = -1;   ///< -1: there is none
    long major = 0;  ///< the major part to divide that axis into, or 0 where that does not help
    long parts = 1;  ///< over all tensor axes
};
/// Where kv heads are fewer than the ranks, the leading axes give each rank one kv head, and the query heads alone are
/// split over the rest.
constexpr kv_division divide_kv_heads(placement_policy const& p, long kv_heads) {
    kv_division d;
    long left = kv_heads;  // heads of a rank
    for (int a = 0; a < p.axes; ++a) {
        if (!p.splits_weights(a)) continue;
        long const n = p.axis_size[a];
        d.parts *= n;
        if (d.axis >= 0 || left == 1) continue;
        if (left % n != 0) {
            d.axis = a;
            d.major = n % left == 0 && p.axes < max_axes ? left : 0;
        }
        left /= n;
    }
    return d;
}
}  // namespace detail

/// Causal self-attention with rotary positions (base Theta); KvHeads kv heads are shared by Heads query heads.
/// Parameters wq, wk, wv split by rows, wo by columns. With fewer kv heads than tensor-parallel ranks, divide the axis:
/// `mesh<dp, major<tp, 2>, minor<tp, 2>>`, for 2 kv heads over 8 ranks, splits wk and wv over the major part only.
/// @pre Heads times an even number are the columns, and KvHeads divide Heads [ST-S610]; KvHeads divide over the tensor axes, or give each rank of
/// the leading ones a head [ST-S608]
template <long Heads, long KvHeads = Heads, long Theta = 500000>
struct attention {
    static constexpr short read(graph& g, short x) {
        if (!g.ok()) return -1;
        layout const in = g.at(x);
        long const b = in.extent[0], s = in.extent[1], dim = in.extent[2];
        if constexpr (Heads < 1 || KvHeads < 1) {
            return g.fail(code::head_dimension);
        } else if (Heads % KvHeads != 0) {
            g.instead.extent = Heads, g.instead.parts = KvHeads;
            return g.fail(code::head_dimension);
        } else if (dim % (2 * Heads) != 0) {
            g.instead.extent = dim, g.instead.parts = 2 * Heads;
            return g.fail(code::head_dimension);
        } else {
            return read_heads(g, x, b, s, dim);
        }
    }

  private:
    static constexpr short read_heads(graph& g, short x, long b, long s, long dim) {
        long const d = dim / Heads;
        detail::kv_division const kv = detail::divide_kv_heads(g.policy, KvHeads);
        if (kv.axis >= 0) {
            g.instead.kv_heads = kv.major;
            g.instead.extent = KvHeads, g.instead.parts = kv.parts;
            return g.fail(code::layer_not_divisible, kv.axis);
        }
        x = g.enter(x);
        short const table = g.rotary_table(s, d, Theta);
        short const q0 = detail::project(g, x, "wq", Heads * d, split::rows, detail::small);
        short const k0 = detail::project(g, x, "wk", KvHeads * d, split::rows, detail::small, KvHeads);
        short const v0 = detail::project(g, x, "wv", KvHeads * d, split::rows, detail::small, KvHeads);
        short const q = g.apply<rules::rotary>(g.reshape(q0, b, s, Heads, d), table);
        short const k = g.apply<rules::rotary>(g.reshape(k0, b, s, KvHeads, d), table);
        short const v = g.reshape(v0, b, s, KvHeads, d);
        short const o = g.reshape(g.apply<rules::attention>(q, k, v), b, s, Heads * d);
        return g.leave(detail::project(g, o, "wo", dim, split::columns, detail::by_depth));
    }
};

/// w2(silu(w1 x) * w3 x) with Width hidden columns.
template <long Width>
struct swiglu {
    static constexpr short read(graph& g, short x) {
        long const dim = g.at(x).extent[2];
        x = g.enter(x);
        short const gate = detail::project(g, x, "w1", Width, split::rows, detail::small);
        short const up = detail::project(g, x, "w3", Width, split::rows, detail::by_depth);
        short const y = g.apply<rules::swiglu>(gate, up);
        return g.leave(detail::project(g, y, "w2", dim, split::columns, detail::by_depth));
    }
};

/// The output projection to Columns logits; under tensor parallelism they stay sharded.
template <long Columns>
struct linear {
    static constexpr short read(graph& g, short x) {
        return detail::project(g, g.enter(x), "", Columns, split::rows, {init::output, 1});
    }
};

/// Mean over all tokens of the negative log-likelihood of the targets.
struct cross_entropy {
    static constexpr short read(graph& g, short x) {
        if (!g.ok() || x < 0) return -1;
        layout beside = g.at(g.targets);  // where the logits' rows are
        for (int a = 0; a < beside.axes; ++a) {
            placement const on = g.at(x).on[a];
            beside.on[a] = on.is == kind::shard && on.dim < 2 ? on : on_invariant;
        }
        return g.loss = g.apply<rules::cross_entropy>(x, g.redistribute(g.targets, beside));
    }
};

/// Layers one after the other.
/// @snippet 05_chain.cpp model
template <class... Layers>
struct chain {
    using in_series = type_list<Layers...>;  ///< these
    static constexpr short read(graph& g, short x) {
        ((x = Layers::read(g, x)), ...);
        return x;
    }
};

/// x + layers(x). @pre the layers give x's shape and placements [ST-R309], [ST-R308], [ST-R304]
/// @snippet 05_chain.cpp model
template <class... Layers>
struct residual {
    using branch = type_list<Layers...>;  ///< what is added
    static constexpr short read(graph& g, short x) {
        x = g.stream(x);
        return g.apply<rules::add>(x, g.beside(chain<Layers...>::read(g, x), x));
    }
};

/// N equal layers: one copy of the steps, walked N times. Parameters of trip 2 are named `layers.2.norm.weight`.
/// @pre 1 to 32000 trips [ST-S614], no repeat inside [ST-S605], the layers give the layout that they take [ST-S603]
/// @snippet 05_chain.cpp model
template <int N, class... Layers>
struct repeat {
    using body = type_list<Layers...>;  ///< of one trip
    static constexpr int trips = N;     ///< how many
    static constexpr short read(graph& g, short x) {
        g.check_trips(N);
        if (N < 1) return g.loop_begin(x, N);
        for (int from = 0; from < N && g.ok();) {
            int const to = g.strategy.exceptions > 0 ? g.strategy.next_change(g.scope, from, N) : N;
            x = read_trips(g, x, {from, to});
            from = to;
        }
        return x;
    }

  private:
    static constexpr short read_trips(graph& g, short x, trip_range of) {
        g.trips = of;
        auto const outside = g.open_scope("*", true);
        short const kept_region = g.region;
        g.region = 0;
        x = g.stream(x);
        short const in = g.loop_begin(x, of);
        g.region = kept_region;
        short const y = g.beside(chain<Layers...>::read(g, in), in);
        g.region = 0;
        short const z = g.loop_end(x, in, y);
        g.region = kept_region;
        g.close_scope(outside);
        return z;
    }
};

/// Layers whose parameters' names begin with Name.
/// @snippet 05_chain.cpp model
template <fixed_string Name, class... Layers>
struct named {
    using within = type_list<Layers...>;  ///< the layers of this name
    /// It.
    static constexpr char const* name() { return Name.data; }
    static constexpr short read(graph& g, short x) {
        auto const outside = g.open_scope(Name.data);
        x = chain<Layers...>::read(g, x);
        g.close_scope(outside);
        return x;
    }
};

}  // namespace shardtype
