#pragma once

#include <shardtype/rules/hop_shape.hpp>
#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

namespace detail {

/// One hop on one axis from layout x to layout y, from `source` into `to` (a fresh buffer unless it exists).
/// @return where the result lies: `source` itself where nothing moves.
constexpr lowerer::location lower_hop(lowerer& l, layout const& x, layout const& y, int axis, collective by,
                                      lowerer::location source, lowerer::target const* to = nullptr,
                                      bool gathers_parameter = false) {
    hop_shape const hop = hop_shape_of(x, y, axis, by);
    if (hop.by == collective::none) return source;
    lowerer::location const out = to != nullptr ? to->at : l.fresh(y.local_bytes());
    accumulate const mode = to != nullptr ? to->mode : accumulate::write;
    switch (hop.by) {
        case collective::all_reduce:
            l.collective<kernels::all_reduce>(axis, source, out, hop.dim, hop.dims, x.type, mode);
            break;
        case collective::all_gather:
            l.collective<kernels::all_gather>(axis, source, out, hop.dim, hop.dims, x.type, mode, gathers_parameter);
            break;
        case collective::reduce_scatter:
            l.collective<kernels::reduce_scatter>(axis, source, out, hop.dim, hop.dims, x.type, mode);
            break;
        case collective::all_to_all:
            l.collective<kernels::all_to_all>(axis, source, out, hop.dim, hop.dims, x.type, mode);
            break;
        default: {
            lowerer::location const operands[] = {source, out};
            step& s = hop.by == collective::slice      ? l.kernel<kernels::slice>(operands, x.type)
                      : hop.by == collective::zero_pad ? l.kernel<kernels::zero_pad>(operands, x.type)
                                                       : l.kernel<kernels::mask>(operands, x.type);
            s.axis = static_cast<signed char>(axis);
            for (int d = 0; d < hop.dims; ++d) s.dim[d] = hop.dim[d];
        }
    }
    return out;
}

/// A layout whose dimension `dim` has `local` elements on each rank, evenly.
constexpr layout with_local(layout x, int dim, long local) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].dim == dim) x.on[a].padded = false;
    x.extent[dim] = local * x.parts(dim);
    return x;
}

/// `from` as `to` (a fresh buffer unless it exists), the two differing in the extent of dimension `dim`.
constexpr lowerer::location lower_resize(lowerer& l, layout const& from, layout const& to, int dim,
                                         lowerer::location source, lowerer::target const* where = nullptr) {
    lowerer::location const out = where != nullptr ? where->at : l.fresh(to.local_bytes());
    lowerer::location const operands[] = {source, out};
    step& s = l.kernel<kernels::resize>(operands, from.type);
    s.dim[0] = from.outer(dim);
    s.dim[1] = from.local_count() / s.dim[0];
    s.dim[2] = to.local_count() / s.dim[0];
    return out;
}

/// `lower_hop` where the parts of x or y may be padded: what is whole is padded like them before the hop, or cut after
/// it. A gather of rows leaves its padding behind the last row, where nobody reads.
constexpr lowerer::location lower_padded_hop(lowerer& l, layout const& x, layout const& y, int axis, collective by,
                                             lowerer::location source, lowerer::target const* to = nullptr,
                                             bool gathers_parameter = false) {
    bool const gathers = x.on[axis].padded, parts = y.on[axis].padded;
    if (!gathers && !parts) return lower_hop(l, x, y, axis, by, source, to, gathers_parameter);
    int const dim = gathers ? x.on[axis].dim : y.on[axis].dim;
    long const part = gathers ? x.local(dim) : y.local(dim);
    layout const even_x = with_local(x, dim, gathers ? part : part * x.axis_size[axis]);
    layout const even_y = with_local(y, dim, parts ? part : part * x.axis_size[axis]);
    if (parts) return lower_hop(l, even_x, even_y, axis, by, lower_resize(l, x, even_x, dim, source), to);
    auto const whole = lower_hop(l, even_x, even_y, axis, by, source, nullptr, gathers_parameter);
    return to == nullptr && y.outer(dim) == 1 ? whole : lower_resize(l, even_y, y, dim, whole, to);
}

/// Can the hop add to its target by itself?
constexpr bool hop_adds(collective by) { return by == collective::reduce_scatter; }

/// Hops [from, to) of a parameter's path, from what lies at `at` towards the used copy. Elements are cast before the first,
/// so that gathers move the narrow type.
constexpr lowerer::location lower_gathers(lowerer& l, parameter_record const& p, int from, int to,
                                          lowerer::location at) {
    layout now = p.after(from);
    if (from == 0 && p.used.type != p.stored.type) {
        lowerer::location const operands[] = {at, l.fresh(now.local_count() * bytes_of(p.used.type))};
        l.kernel<kernels::cast_to_bf16>(operands, now.type).dim[0] = now.local_count();
        at = operands[1];
    }
    now.type = p.used.type;
    for (int i = from; i < to; ++i) {
        auto const hop = redistribute(now, p.path.path[i].axis, p.path.path[i].to);
        at = lower_padded_hop(l, now, hop.result, p.path.path[i].axis, hop.by, at, nullptr, true);
        now = hop.result;
    }
    return at;
}
/// The used copy: from the stored weights, or from the copy that is kept over the step.
constexpr lowerer::location lower_use(lowerer& l, short parameter) {
    scheduled_parameter const& p = l.b.parameters[parameter];
    lowerer::location const from{p.kept >= 0 ? p.kept : p.weight, 0};
    return lower_gathers(l, p.is, p.is.once_hops, p.is.path.hops, from);
}
/// Is the used copy made for its use, or is it the stored or kept one itself?
constexpr bool made_for_use(parameter_record const& p) {
    if (p.once_hops == 0 && p.used.type != p.stored.type) return true;
    for (int h = p.once_hops; h < p.path.hops; ++h)
        if (p.path.path[h].by != collective::none && p.stored.axis_size[p.path.path[h].axis] > 1) return true;
    return false;
}

/// The duals of hops [to, from) of a parameter's path, from the last one back: the gradient at `at` into `goal`.
constexpr void lower_reductions(lowerer& l, parameter_record const& p, int from, int to, lowerer::location at,
                                lowerer::target const& goal) {
    layout now = dual(p.after(from));
    int last = -1;  // the last hop that moves something writes into the goal
    for (int i = from - 1; i >= to; --i)
        if (now.axis_size[p.path.path[i].axis] > 1) last = i;
    for (int i = from - 1; i >= to; --i) {
        auto const hop = redistribute(now, p.path.path[i].axis, dual(p.path.path[i].from), true);
        if (!hop.says.legal()) l.b.fail(hop.says.what);
        bool const direct = i == last && (goal.mode == accumulate::write || hop_adds(hop.by));
        at = lower_padded_hop(l, now, hop.result, p.path.path[i].axis, hop.by, at, direct ? &goal : nullptr);
        now = hop.result;
    }
    if (!(now == dual(p.after(to)))) l.b.fail(code::gradient_not_stored);
    if (at.buffer == goal.at.buffer) return;
    lowerer::location const operands[] = {at, goal.at};
    step& s = l.kernel<kernels::copy>(operands, now.type);
    s.dim[0] = now.local_count();
    s.arg[1].mode = goal.mode;
}
}  // namespace detail

constexpr lowerer::location lowerer::saved(short v) {
    short const p = g.values[v].parameter;
    if (p < 0) return where[v];
    parameter_record const& record = g.parameters[p];
    if (!record.in_loop || !detail::made_for_use(record)) return where[v];
    if (!regathered[v].exists()) regathered[v] = detail::lower_use(*this, p);
    return regathered[v];
}

template <>
struct lowering<graph_operation::redistribute> {
    static constexpr void forward(lowerer& l, node const& n) {
        l.where[n.out] = detail::lower_padded_hop(l, l.lay(n.in[0]), l.lay(n.out), n.axis, n.by, l.where[n.in[0]]);
    }
    static constexpr void backward(lowerer& l, node const& n) {
        short const x = n.in[0];
        if (!l.wants_gradient(x)) return;
        layout const from = dual(l.lay(n.out)), to = dual(l.lay(x));
        auto const back = redistribute(from, n.axis, to.on[n.axis], true);
        if (!back.says.legal() || !(back.result == to)) l.b.fail(code::no_conversion);
        auto const dy = l.grad[n.out];
        if (back.by == collective::none || from.axis_size[n.axis] == 1) {
            l.share_gradient(x, dy);
        } else if (back.by == collective::all_reduce && !l.grad[x].exists() && l.holders[dy.buffer] == 1) {
            lowerer::target const in_place{dy, accumulate::write, false};
            detail::lower_padded_hop(l, from, to, n.axis, back.by, dy, &in_place);
            l.share_gradient(x, dy);
        } else {
            auto const t = l.gradient_target(x, detail::hop_adds(back.by));
            detail::lower_padded_hop(l, from, to, n.axis, back.by, dy, &t);
            l.contribute(x, t);
        }
        l.drop_gradient(n.out);
    }
};

/// Stored to used, and the used gradient back to the stored one.
template <>
struct lowering<graph_operation::materialize> {
    static constexpr void forward(lowerer& l, node const& n) {
        l.where[n.out] = detail::lower_use(l, l.g.values[n.out].parameter);
        if (l.replaying) l.regathered[n.out] = l.where[n.out];
    }
    static constexpr void backward(lowerer& l, node const& n) {
        short const k = l.g.values[n.out].parameter;
        parameter_record const& p = l.g.parameters[k];
        lowerer::location const at = l.grad[n.out];
        bool const there = l.claimed[k] && at.buffer == l.final_gradient(k).at.buffer;  // written directly
        if (!there) {
            detail::lower_reductions(l, p, p.path.hops, p.deferred_hops, at, l.final_gradient(k));
            l.claimed[k] = true;
        }
        l.drop_gradient(n.out);
    }
};

}  // namespace shardtype
