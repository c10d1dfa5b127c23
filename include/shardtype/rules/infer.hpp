#pragma once

#include <shardtype/rules/redistribution.hpp>
#include <shardtype/rules/rule.hpp>
#include <shardtype/rules/verdict.hpp>

namespace shardtype {

/// What a rule makes of operands: the verdict, and where it is legal the layout of the result.
struct inference {
    verdict says{};   ///< legal, or what is wrong and how to mend it
    layout result{};  ///< meaningless after an error
};

namespace detail {

struct axis_inference {
    code what = code::ok;
    int operand = 0;
    placement result{};
};

/// One mesh axis of an operation: the operands' placements there give the result's, or what is wrong.
/// The table is `docs/typing.md`'s; tests enumerate it against a numeric simulation.
constexpr axis_inference infer_axis(rule const& r, placement const* p) {
    int partials = 0, invariants = 0, others = 0, partial_at = 0, invariant_at = 0;
    char factor = 0;
    for (int i = 0; i < r.operands; ++i) {
        bool const constant = r.is_constant(i);
        switch (p[i].is) {
            case kind::invariant:
                if (!constant) ++invariants, invariant_at = i;
                break;
            case kind::replicate:
                others += constant ? 0 : 1;
                break;
            case kind::partial:
                ++partials, ++others, partial_at = i;
                if (constant) return {code::partial_operand, i, {}};
                break;
            case kind::shard: {
                char const f = r.in[i][p[i].dim];
                if (r.is_whole(f)) return {code::whole_factor_sharded, i, {}};
                if (factor != 0 && f != factor) return {code::two_factors, i, {}};
                factor = f, ++others;
                break;
            }
        }
    }
    if (partials > 0 && !r.sum && !r.is_linear(partial_at)) return {code::partial_operand, partial_at, {}};
    if (partials > 0 && r.sum)
        for (int i = 0; i < r.operands; ++i)
            if (p[i].is != kind::partial) return {code::partial_plus_other, i, {}};
    if (invariants > 0 && others > 0) {
        bool const whole = factor != 0 && r.dim_of(invariant_at, factor) >= 0;
        return {whole ? code::factor_in_one_operand : code::invariant_mixed, invariant_at, {}};
    }
    if (partials > 0) {
        if (r.sum) return {code::ok, 0, on_partial};
        if (partials > 1 || factor != 0) return {code::partial_twice, partial_at, {}};
        return {code::ok, 0, on_partial};
    }
    if (factor != 0) {
        for (int i = 0; i < r.operands; ++i)
            if (r.dim_of(i, factor) >= 0 && p[i].is != kind::shard) return {code::factor_in_one_operand, i, {}};
        if (factor == r.fused) return {code::ok, 0, on_invariant};
        int const d = r.out_dim_of(factor);
        if (d < 0) return {code::ok, 0, on_partial};
        return {code::ok, 0, on_shard(d)};
    }
    return {code::ok, 0, others > 0 ? on_replicate : on_invariant};
}

/// The cheapest change of one operand on one axis that makes it legal, by forward and backward bytes. A gather of an
/// activation loses to any other (it costs flops and memory), a gather of a weight (operand 1) to every other.
constexpr void suggest(verdict& v, rule const& r, layout const* x, int axis) {
    double best = 1e30;
    for (int i = 0; i < r.operands; ++i) {
        for (int t = 0; t < 2 + r.rank_of(i); ++t) {
            placement const to = t == 0 ? on_replicate : t == 1 ? on_invariant : on_shard(t - 2);
            placement const from = x[i].on[axis];
            if (from.is == to.is && (from.is != kind::shard || from.dim == to.dim)) continue;
            if (!redistribute(x[i], axis, to).says.legal()) continue;
            double cost = redistribution_bytes(x[i], axis, to);
            if (from.is == kind::shard && to.is != kind::shard) cost += i == 1 ? 1e24 : 1e18;
            placement p[max_operands]{};
            for (int j = 0; j < r.operands; ++j) p[j] = j == i ? to : x[j].on[axis];
            if (infer_axis(r, p).what == code::ok && cost < best) {
                best = cost, v.fixable = true, v.fix_operand = i, v.fix = to;
            }
        }
    }
}

constexpr code shapes_agree(rule const& r, layout const* x) {
    dtype const element = x[r.is_constant(0) ? 1 : 0].type;
    for (int i = 0; i < r.operands; ++i) {
        if (x[i].rank != r.rank_of(i)) return code::shapes_disagree;
        if (x[i].type != (((r.ids >> i) & 1U) != 0 ? dtype::i32 : element)) return code::shapes_disagree;
        if (!r.is_constant(i) && !differentiable(x[i].type)) return code::shapes_disagree;
        for (int j = 0; j < i; ++j) {
            for (int d = 0; d < x[i].rank; ++d) {
                int const e = r.dim_of(j, r.in[i][d]);
                if (e < 0) continue;
                long const mine = x[i].extent[d], theirs = x[j].extent[e];
                bool const grouped = r.in[i][d] == r.grouped && j == 0;  // operand 0 holds the finer extent
                if (grouped ? theirs % mine != 0 : mine != theirs) return code::shapes_disagree;
            }
        }
    }
    long equal[2] = {-1, -1};
    for (int f = 0; f < 2 && r.equal[0] != 0; ++f)
        for (int i = 0; i < r.operands; ++i)
            if (r.dim_of(i, r.equal[f]) >= 0) equal[f] = x[i].extent[r.dim_of(i, r.equal[f])];
    return equal[0] == equal[1] ? code::ok : code::shapes_disagree;
}

}  // namespace detail

/// The verdict of an operation on its operands and, where it is legal, the layout of its result.
/// The gradient of operand i has the layout `dual(operand i)`, given a gradient of the result in `dual(result)`.
constexpr inference infer(rule const& r, layout const* x) {
    inference out;
    out.says.what = detail::shapes_agree(r, x);
    if (!out.says.legal()) return out;
    layout& y = out.result;
    y.type = x[r.operands - 1].type;
    for (int i = 0; i < r.operands; ++i)
        if (!r.is_constant(i)) y.type = x[i].type;
    y.rank = r.out_rank();
    y.axes = x[0].axes;
    for (int a = 0; a < y.axes; ++a) y.axis_size[a] = x[0].axis_size[a];
    for (int d = 0; d < y.rank; ++d)
        for (int i = r.operands - 1; i >= 0; --i) {
            int const e = r.dim_of(i, r.out[d]);
            if (e >= 0) y.extent[d] = x[i].extent[e];
        }
    for (int a = 0; a < y.axes; ++a) {
        placement p[max_operands]{};
        for (int i = 0; i < r.operands; ++i) p[i] = x[i].on[a];
        auto const one = detail::infer_axis(r, p);
        if (one.what != code::ok) {
            out.says = {one.what, a, one.operand, false, 0, {}};
            detail::suggest(out.says, r, x, a);
            return out;
        }
        y.on[a] = one.result;
    }
    // Axis by axis is not enough: operands that share a factor must list its axes in the same order.
    for (int i = 0; i < r.operands; ++i)
        for (int a = 0; a < y.axes; ++a) {
            if (x[i].on[a].is != kind::shard) continue;
            char const f = r.in[i][x[i].on[a].dim];
            for (int j = 0; j < i; ++j)
                if (r.dim_of(j, f) >= 0 && x[j].on[a].order != x[i].on[a].order) {
                    out.says = {code::factor_order, a, i, false, 0, {}};
                    return out;
                }
            if (r.out_dim_of(f) >= 0) y.on[a].order = x[i].on[a].order;
        }
    return out;
}

/// Floating-point operations of the operation over the whole mesh.
constexpr double flops(rule const& r, layout const* x) {
    double n = r.flops;
    char seen[max_operands * max_rank]{};
    int count = 0;
    for (int i = 0; i < r.operands; ++i)
        for (int d = 0; d < x[i].rank; ++d) {
            bool known = false;
            for (int k = 0; k < count; ++k) known = known || seen[k] == r.in[i][d];
            if (known) continue;
            seen[count++] = r.in[i][d];
            n *= static_cast<double>(x[i].extent[d]);
        }
    return n;
}

}  // namespace shardtype
