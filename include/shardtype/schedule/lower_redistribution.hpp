#pragma once

#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

namespace detail {

/// One hop on one axis from layout x to layout y, from `source` into `to` (a fresh buffer unless it exists).
/// @return where the result lies: `source` itself where nothing moves.
constexpr lowerer::location lower_hop(lowerer& l, layout const& x, layout const& y, int axis, collective by,
                                      lowerer::location source, lowerer::target const* to = nullptr,
                                      bool gathers_parameter = false) {
    if (by == collective::none || x.axis_size[axis] == 1) return source;
    lowerer::location const out = to != nullptr ? to->at : l.fresh(y.local_bytes());
    accumulate const mode = to != nullptr ? to->mode : accumulate::write;
    int const from = x.on[axis].dim, dim = y.on[axis].dim;
    long const count = x.local_count();
    switch (by) {
        case collective::all_reduce: {
            long const d[] = {count};
            l.collective<kernels::all_reduce>(axis, source, out, d, 1, x.type, mode);
            break;
        }
        case collective::all_gather: {
            long const d[] = {x.outer(from), count / x.outer(from)};
            l.collective<kernels::all_gather>(axis, source, out, d, 2, x.type, mode, gathers_parameter);
            break;
        }
        case collective::reduce_scatter: {
            long const d[] = {y.outer(dim), y.local_count() / y.outer(dim)};
            l.collective<kernels::reduce_scatter>(axis, source, out, d, 2, x.type, mode);
            break;
        }
        case collective::all_to_all: {
            bool const leading = from > dim;  // the new shard is the outer dimension: trailing to leading
            int const low = leading ? dim : from, high = leading ? from : dim;
            long middle = 1;
            for (int i = low + 1; i < high; ++i) middle *= x.local(i);
            long const split = leading ? y.local(low) : x.local(low);
            long const block = leading ? x.local(high) * x.inner(high) : y.local(high) * y.inner(high);
            long const d[] = {x.outer(low), split, middle, block, leading ? 1 : 0};
            l.collective<kernels::all_to_all>(axis, source, out, d, 5, x.type, mode);
            break;
        }
        default: {
            lowerer::location const operands[] = {source, out};
            step& s = by == collective::slice      ? l.kernel<kernels::slice>(operands, x.type)
                      : by == collective::zero_pad ? l.kernel<kernels::zero_pad>(operands, x.type)
                                                   : l.kernel<kernels::mask>(operands, x.type);
            int const split = by == collective::zero_pad ? from : dim;
            layout const& part = by == collective::zero_pad ? x : y;
            s.axis = static_cast<signed char>(axis);
            if (by == collective::mask) {
                s.dim[0] = count;
            } else {
                s.dim[0] = part.outer(split);
                s.dim[1] = part.local_count() / part.outer(split);
                s.dim[2] = x.axis_size[axis];
            }
        }
    }
    return out;
}

/// Can the hop add to its target by itself?
constexpr bool hop_adds(collective by) { return by == collective::reduce_scatter; }

/// A parameter's gathers, from its stored weights to the used copy.
constexpr lowerer::location lower_gathers(lowerer& l, parameter_record const& p, lowerer::location at) {
    conversion const& path = p.path;
    layout now = p.stored;
    for (int i = 0; i < path.hops; ++i) {
        auto const hop = redistribute(now, path.path[i].axis, path.path[i].to);
        at = lower_hop(l, now, hop.result, path.path[i].axis, hop.by, at, nullptr, true);
        now = hop.result;
    }
    return at;
}

/// Does the used copy need communication, or is it the stored one itself?
constexpr bool gathers(parameter_record const& p) {
    for (int a = 0; a < p.stored.axes; ++a)
        if (p.stored.axis_size[a] > 1 && p.stored.on[a].is == kind::shard && p.used.on[a].is != kind::shard)
            return true;
    return false;
}
}  // namespace detail

constexpr lowerer::location lowerer::saved(short v) {
    short const p = g.values[v].parameter;
    if (p < 0) return where[v];
    parameter_record const& record = g.parameters[p];
    if (!record.in_loop || !detail::gathers(record)) return where[v];
    if (!regathered[v].exists()) regathered[v] = detail::lower_gathers(*this, record, {b.parameters[p].weight, 0});
    return regathered[v];
}

template <>
struct lowering<graph_operation::redistribute> {
    static constexpr void forward(lowerer& l, node const& n) {
        l.where[n.out] = detail::lower_hop(l, l.lay(n.in[0]), l.lay(n.out), n.axis, n.by, l.where[n.in[0]]);
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
            detail::lower_hop(l, from, to, n.axis, back.by, dy, &in_place);
            l.share_gradient(x, dy);
        } else {
            auto const t = l.gradient_target(x, detail::hop_adds(back.by));
            detail::lower_hop(l, from, to, n.axis, back.by, dy, &t);
            l.contribute(x, t);
        }
        l.drop_gradient(n.out);
    }
};

/// Stored to used, and the used gradient back to the stored one.
template <>
struct lowering<graph_operation::materialize> {
    static constexpr void forward(lowerer& l, node const& n) {
        short const p = l.g.values[n.out].parameter;
        l.where[n.out] = detail::lower_gathers(l, l.g.parameters[p], {l.b.parameters[p].weight, 0});
    }
    static constexpr void backward(lowerer& l, node const& n) {
        scheduled_parameter const& p = l.b.parameters[l.g.values[n.out].parameter];
        lowerer::location at = l.grad[n.out];
        lowerer::target const stored = l.stored_gradient(l.g.values[n.out].parameter);
        conversion const& path = p.is.path;
        layout now = dual(p.is.used);
        int last = -1;  // the last hop that moves something writes into the stored gradient
        for (int i = path.hops - 1; i >= 0; --i)
            if (now.axis_size[path.path[i].axis] > 1) last = i;
        for (int i = path.hops - 1; i >= 0; --i) {
            auto const hop = redistribute(now, path.path[i].axis, dual(path.path[i].from), true);
            if (!hop.says.legal()) l.b.fail(hop.says.what);
            bool const direct = i == last && (stored.mode == accumulate::write || detail::hop_adds(hop.by));
            at = detail::lower_hop(l, now, hop.result, path.path[i].axis, hop.by, at, direct ? &stored : nullptr);
            now = hop.result;
        }
        if (at.buffer != stored.at.buffer) {
            lowerer::location const operands[] = {at, stored.at};
            step& s = l.kernel<kernels::copy>(operands, now.type);
            s.dim[0] = now.local_count();
            s.arg[1].mode = stored.mode;
        }
        l.drop_gradient(n.out);
    }
};

}  // namespace shardtype
