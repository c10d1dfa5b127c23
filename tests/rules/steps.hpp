#pragma once

// The redistributions on numbers: what each collective does to every rank's array; and a table of them as a parameter.

#include <shardtype/rules/redistribution.hpp>

#include "simulator.hpp"

namespace steps {

using namespace simulator;

/// The ranks that differ from `rank` on `axis` alone, in the order of their coordinates there.
inline std::vector<std::size_t> group(layout const& x, int rank, int axis) {
    std::vector<std::size_t> out;
    auto c = coordinates_of(x, rank);
    for (c.at[axis] = 0; c.at[axis] < x.axis_size[axis]; ++c.at[axis])
        out.push_back(static_cast<std::size_t>(rank_at(x, c)));
    return out;
}

/// Copies src into dst, along `dim` from `from` of src to `to` of dst, `n` long.
inline void copy(array const& src, array& dst, int dim, long from, long to, long n) {
    for_each_index(src, [&](long const* i, std::size_t at) {
        long const along = dim < 0 ? 0 : i[dim] - from;
        if (along < 0 || along >= n) return;
        long j[max_rank]{i[0], i[1], i[2], i[3]};
        j[dim] = along + to;
        dst.v[static_cast<std::size_t>(dst.at(j))] = src.v[at];
    });
}
inline array resized(array const& x, int dim, long extent) {
    long e[max_rank]{};
    for (int d = 0; d < x.rank; ++d) e[d] = d == dim ? extent : x.extent[d];
    return zeros(x.rank, e);
}

inline locals sum(locals const& x, layout const& l, int axis) {
    locals y = x;
    for (std::size_t r = 0; r < x.size(); ++r) {
        for (double& e : y[r].v) e = 0;
        for (auto const g : group(l, static_cast<int>(r), axis))
            for (std::size_t n = 0; n < y[r].v.size(); ++n) y[r].v[n] += x[g].v[n];
    }
    return y;
}
inline locals gather(locals const& x, layout const& l, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        long const part = x[r].extent[dim];
        y.push_back(resized(x[r], dim, part * l.axis_size[axis]));
        long to = 0;
        for (auto const g : group(l, static_cast<int>(r), axis)) copy(x[g], y[r], dim, 0, to, part), to += part;
    }
    return y;
}
inline locals cut(locals const& x, layout const& l, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        long const part = x[r].extent[dim] / l.axis_size[axis];
        y.push_back(resized(x[r], dim, part));
        copy(x[r], y[r], dim, coordinates_of(l, static_cast<int>(r)).at[axis] * part, 0, part);
    }
    return y;
}

/// What the collective does to every rank's array. x: the layout before. Nothing where it cannot run.
inline locals apply(collective by, locals const& in, layout const& x, int axis, placement to) {
    int const from = x.on[axis].dim;
    bool const takes_shard = by == collective::all_gather || by == collective::all_to_all || by == collective::zero_pad;
    bool const makes_shard =
        by == collective::reduce_scatter || by == collective::all_to_all || by == collective::slice;
    if (takes_shard && x.on[axis].is != kind::shard) return {};
    if (makes_shard && to.is != kind::shard) return {};
    switch (by) {
        case collective::none:
            return in;
        case collective::all_reduce:
            return sum(in, x, axis);
        case collective::all_gather:
            return gather(in, x, axis, from);
        case collective::reduce_scatter:
            return cut(sum(in, x, axis), x, axis, to.dim);
        case collective::all_to_all:
            return cut(gather(in, x, axis, from), x, axis, to.dim);
        case collective::slice:
            return cut(in, x, axis, to.dim);
        case collective::zero_pad: {
            locals y;
            for (std::size_t r = 0; r < in.size(); ++r) {
                long const part = in[r].extent[from];
                y.push_back(resized(in[r], from, part * x.axis_size[axis]));
                copy(in[r], y[r], from, 0, coordinates_of(x, static_cast<int>(r)).at[axis] * part, part);
            }
            return y;
        }
        case collective::mask:
            break;
    }
    locals y = in;
    for (std::size_t r = 0; r < y.size(); ++r)
        if (coordinates_of(x, static_cast<int>(r)).at[axis] != 0)
            for (double& e : y[r].v) e = 0;
    return y;
}

/// The placements that an axis may be given.
inline std::vector<placement> targets(int rank) {
    std::vector<placement> out{on_invariant, on_replicate, on_partial};
    for (int d = 0; d < rank; ++d) out.push_back(on_shard(d));
    return out;
}

using table = std::vector<redistribution_row>;
inline table library_table() { return {std::begin(redistributions), std::end(redistributions)}; }

/// One step by a table: as the library's `redistribute`, which reads its own.
struct step {
    bool legal = false;
    collective by = collective::none;
    layout result{};
};
inline step one_step(table const& rows, layout const& x, int axis, placement to, bool gradient) {
    placement const from = x.on[axis];
    step out{false, collective::none, x};
    if (from.is == to.is && (from.is != kind::shard || from.dim == to.dim)) return {true, collective::none, x};
    for (auto const& row : rows)
        if (row.from == from.is && row.to == to.is && (gradient || !row.gradient_only))
            out.legal = true, out.by = row.by;
    if (from.is == kind::shard && from.order != x.shards(from.dim) - 1) out.legal = false;
    out.result = placed(x, axis, to);
    out.legal = out.legal && fault_of(out.result).what == code::ok;
    return out;
}

/// A redistribution that is right, and that the library offers only as a backward: free, and seldom what is meant.
struct expert_row {
    kind from, to;
    collective forward, backward;
    char const* reason;
};
inline constexpr expert_row experts[] = {
    {kind::replicate, kind::invariant, collective::none, collective::mask, "backward keeps rank 0's gradient only"},
    {kind::invariant, kind::partial, collective::mask, collective::none, "the value of rank 0 only"},
    {kind::shard, kind::partial, collective::zero_pad, collective::slice, "full extents for a part of the elements"},
};

/// What a table's steps come to, held against numbers.
struct outcome {
    long legal = 0, wrong = 0, refused = 0, failures = 0;
    std::string first{};
    void fail(std::string const& what) {
        if (failures++ == 0) first = what;
    }
};

/// Is x, moved by this collective, the same array placed anew, and its gradient, moved back by the other?
inline bool moves(collective forward, collective backward, layout const& from, int axis, layout const& to,
                  array const& x, array const& dy, random_source& source) {
    auto const there = apply(forward, scatter(x, from, source), from, axis, to.on[axis]);
    if (there.empty() || !assembles(there, to, x)) return false;
    auto const back = apply(backward, scatter(dy, dual(to), source), dual(to), axis, dual(from.on[axis]));
    return !back.empty() && assembles(back, dual(from), dy);
}

/// Every step of every layout of `x` on one axis: what the table has is right, forward and backward; what it has not is
/// an expert's, or no collective makes it right.
inline outcome examine(table const& rows, array const& x, std::vector<int> const& axes, random_source& source) {
    outcome out;
    array const dy = random_like(x, source);
    for (layout const& from : all_layouts(x, axes))
        for (int axis = 0; axis < from.axes; ++axis)
            for (placement const to : targets(x.rank)) {
                auto const name = text(from) + " axis " + std::to_string(axis) + " to " + text(to);
                auto const there = one_step(rows, from, axis, to, false);
                bool const stays = there.result == from;
                bool expert = false, major = false;
                for (int a = 0; a < from.axes; ++a)
                    major = major || (from.on[axis].is == kind::shard && from.on[a].is == kind::shard &&
                                      from.on[a].dim == from.on[axis].dim && from.on[a].order > from.on[axis].order);
                for (auto const& e : experts) expert = expert || (e.from == from.on[axis].is && e.to == to.is);
                if (there.legal) {
                    ++out.legal;
                    auto const back = one_step(rows, dual(there.result), axis, dual(from.on[axis]), true);
                    if (!back.legal || !(back.result == dual(from))) out.fail(name + ": no backward");
                    if (!moves(there.by, back.by, from, axis, there.result, x, dy, source)) out.fail(name + ": wrong");
                    if (expert && !stays) out.fail(name + ": an expert's");
                    continue;
                }
                expert = expert && !major;
                if (fault_of(there.result).what != code::ok) continue;  // no layout of these extents
                bool right = false;
                for (int f = 0; f < 8 && !right; ++f)
                    for (int b = 0; b < 8 && !right; ++b)
                        right = moves(static_cast<collective>(f), static_cast<collective>(b), from, axis, there.result,
                                      x, dy, source);
                ++(right ? out.refused : out.wrong);
                if (right != expert) out.fail(name + ": refused or not, against the list");
            }
    return out;
}

}  // namespace steps
