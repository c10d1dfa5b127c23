#pragma once

#include <shardtype/rules/rule.hpp>
#include <shardtype/rules/shape_fault.hpp>
#include <shardtype/rules/verdict.hpp>
#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// What a rule makes of operands: the verdict, and where it is legal the layout of the result.
struct inference {
    verdict says{};   ///< legal, refused, or what is wrong
    layout result{};  ///< meaningless where it is wrong
};

namespace detail {

struct axis_inference {
    code what = code::ok;
    int operand = 0;
    placement result{};
};

/// One mesh axis of an operation: the operands' placements there give the result's, or what is wrong.
/// The table is `docs/typing.md`'s; tests enumerate it against a numeric simulation.
/// `one_group`: the axes before this one leave one kv head to each rank, so that all query heads here use it.
constexpr axis_inference infer_axis(rule const& r, placement const* p, bool one_group = false) {
    int partials = 0, invariants = 0, others = 0, partial_at = 0, invariant_at = 0, sharded_at = 0;
    char factor = 0;
    for (int i = 0; i < r.operands; ++i) {
        bool const constant = r.is_constant(i);  // nobody reduces its gradient: invariant or replicate is all one
        switch (p[i].is) {
            case kind::invariant:
                if (!constant) ++invariants, invariant_at = i;
                break;
            case kind::replicate:
                others += constant ? 0 : 1;
                break;
            case kind::partial:
                ++partials, ++others, partial_at = i;
                break;
            case kind::shard: {
                char const f = r.in[i][p[i].dim];
                if (p[i].padded) return {code::padded_operand, i, {}};
                if (r.is_whole(f)) return {code::whole_factor_sharded, i, {}};
                if (factor != 0 && f != factor) return {code::two_factors, i, {}};
                factor = f, ++others, sharded_at = i;
                break;
            }
        }
    }
    bool const summed = partials > 0 && r.is_summand(partial_at);
    if (partials > 0 && !summed && !r.is_linear(partial_at)) return {code::partial_operand, partial_at, {}};
    for (int i = 0; summed && i < r.operands; ++i)
        if (r.is_summand(i) != (p[i].is == kind::partial))
            return {r.is_summand(i) ? code::partial_plus_other : code::partial_operand, i, {}};
    bool const kernel_whole = r.is_kernel_whole(factor);
    code const uneven = kernel_whole ? code::whole_factor_sharded : code::factor_in_one_operand;
    auto const must_be_split = [&](int i) {
        return r.dim_of(i, factor) >= 0 && !(one_group && factor == r.grouped && i > 0);
    };
    if (invariants > 0 && others > 0)
        return {must_be_split(invariant_at) ? uneven : code::invariant_mixed, invariant_at, {}};
    if (partials > 0) {
        if (factor != 0 || (!summed && partials > 1)) return {code::partial_twice, partial_at, {}};
        return {code::ok, 0, on_partial};
    }
    if (factor == 0) return {code::ok, 0, others > 0 ? on_replicate : on_invariant};
    for (int i = 0; i < r.operands; ++i)
        if (must_be_split(i) && p[i].is != kind::shard) return {uneven, i, {}};
    int const d = r.out_dim_of(factor);
    placement const result = factor == r.fused ? on_invariant : d < 0 ? on_partial : on_shard(d);
    return {kernel_whole ? code::no_kernel : code::ok, sharded_at, result};
}

/// Whether each rank has one element of the grouped factor in every operand but the first.
constexpr bool one_group(rule const& r, layout const* x) {
    if (r.grouped == 0) return false;
    for (int i = 1; i < r.operands; ++i) {
        int const d = r.dim_of(i, r.grouped);
        if (d >= 0 && x[i].local(d) != 1) return false;
    }
    return true;
}

/// What one axis alone does not show: operands that share a factor must list its axes in the same order, and pairs stay
/// together.
constexpr axis_inference infer_list(rule const& r, layout const* x, int axis) {
    placement list{};
    char factor = 0;
    for (int i = 0; i < r.operands; ++i) {
        placement const p = x[i].on[axis];
        if (p.is != kind::shard) continue;
        if (factor != 0 && p.order != list.order) return {code::factor_order, i, {}};
        factor = r.in[i][p.dim], list = p;
        if (factor == r.paired && x[i].local(p.dim) % 2 != 0) return {code::whole_factor_sharded, i, {}};
    }
    return {code::ok, 0, list};
}

/// `infer`, the constants being those of the rule.
constexpr inference infer_result(rule const& r, layout const* x) {
    inference out;
    auto const fault = shape_fault_of(r, x);
    if (!fault.fits()) {
        out.says = {code::shapes_disagree, 0, fault.operand};
        return out;
    }
    layout& y = out.result;
    y.type = x[first_real(r)].type;
    y.rank = r.out_rank();
    y.axes = x[0].axes;
    for (int a = 0; a < y.axes; ++a) y.axis_size[a] = x[0].axis_size[a];
    for (int d = 0; d < y.rank; ++d)
        for (int i = 0, e = -1; i < r.operands && e < 0; ++i) {
            e = r.dim_of(i, r.out[d]);
            if (e >= 0) y.extent[d] = x[i].extent[e];
        }
    bool const group = one_group(r, x);
    bool sharded[max_axes]{};
    verdict refused{};
    for (int a = 0; a < y.axes; ++a) {
        placement p[max_operands]{};
        for (int i = 0; i < r.operands; ++i) {
            p[i] = x[i].on[a];
            sharded[a] = sharded[a] || p[i].is == kind::shard;
        }
        auto const one = infer_axis(r, p, group);
        y.on[a] = one.result;
        if (one.what == code::ok) continue;
        (one.what == code::no_kernel ? refused : out.says) = {one.what, a, one.operand};
        if (!out.says.legal()) return out;
    }
    for (int a = 0; a < y.axes; ++a) {
        if (!sharded[a]) continue;  // there is no list
        auto const list = infer_list(r, x, a);
        if (y.on[a].is == kind::shard) y.on[a].order = list.result.order;
        if (list.what == code::ok) continue;
        out.says = {list.what, a, list.operand};
        return out;
    }
    out.says = refused;
    return out;
}

}  // namespace detail

/// The verdict of an operation on its operands and, where it is legal, the layout of its result (where it is refused,
/// the layout that the result would have). The gradient of operand i has the layout `dual(operand i)`, given a gradient
/// of the result in `dual(result)`.
/// @param r the operation  @param x its operands  @param constants operands without gradient beside the operation's own
/// (bit mask): frozen weights
constexpr inference infer(rule const& r, layout const* x, unsigned constants = 0) {
    if ((constants & ~r.constant) == 0) return detail::infer_result(r, x);
    return detail::infer_result(r.with_constants(constants), x);
}

/// Floating-point operations of the operation over the whole mesh.
constexpr double flops(rule const& r, layout const* x) {
    double n = r.flops;
    char seen[max_operands * max_rank]{};
    int count = 0;
    for (int i = 0; i < r.operands && i < 2; ++i)
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
