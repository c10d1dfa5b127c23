#pragma once

#include <shardtype/rules/conversion.hpp>
#include <shardtype/rules/infer.hpp>

namespace shardtype {

/// What to write instead of operands that an operation refuses: redistributions of operands on the failing axis, after
/// which that axis is legal.
struct operand_fix {
    /// `redistribute<to on these axes>(operand)`.
    struct change {
        int operand = 0;       ///< counted from 0
        placement to{};        ///< on every axis of the list
        int axes = 0;          ///< how many: one, but where a shard's list is written anew
        int axis[max_axes]{};  ///< the major one first
        long bytes = 0;        ///< that a device sends for it, forward and backward
    };
    int changes = 0;            ///< 0: there is none
    change of[max_operands]{};  ///< by operand
};

namespace detail {

/// What a fix costs, the worst first: weights stored in another way, shards of others lost (memory and flops), more
/// operands than needed, then bytes.
struct fix_rank {
    int weights = 0, shards = 0, changes = 0;
    double bytes = 0;
    constexpr bool operator<(fix_rank const& b) const {
        return weights != b.weights   ? weights < b.weights
               : shards != b.shards   ? shards < b.shards
               : changes != b.changes ? changes < b.changes
                                      : bytes < b.bytes;
    }
};

/// The placements that operand i may be given on an axis: as it is, replicate, invariant, a shard of each dimension.
constexpr placement choice(layout const& x, int axis, int number) {
    return number == 0 ? x.on[axis] : number == 1 ? on_replicate : number == 2 ? on_invariant : on_shard(number - 3);
}

/// What a change sends; of a major axis a bound, as the search for its way is too long to be made for all choices.
constexpr double bytes_about(layout const& x, int axis, placement to) {
    if (redistribute(x, axis, to).says.legal()) return redistribution_bytes(x, axis, to);
    return 8. * static_cast<double>(x.local_bytes() * x.parts(x.on[axis].dim));
}

constexpr bool same_place(placement a, placement b) { return a.is == b.is && (a.is != kind::shard || a.dim == b.dim); }

/// A new shard's axes in the order in which another operand, that is not changed, lists them.
constexpr void follow_list(rule const& r, layout const* x, operand_fix const& f, operand_fix::change& c) {
    for (int j = 0; j < r.operands; ++j) {
        int const d = r.dim_of(j, r.in[c.operand][c.to.dim]);
        bool changed = d < 0 || x[j].on[c.axis[0]].is != kind::shard || x[j].on[c.axis[0]].dim != d;
        for (int k = 0; k < f.changes; ++k) changed = changed || f.of[k].operand == j;
        if (changed) continue;
        int const moved = c.axis[0];
        c.axes = 0;
        for (int o = 0; o < x[j].shards(d); ++o) {
            int const a = x[j].axis_at(d, o);
            placement const now = x[c.operand].on[a];
            if (a == moved || (now.is == kind::shard && now.dim == c.to.dim)) c.axis[c.axes++] = a;
        }
        return;
    }
}

/// All combinations of choices, on one axis.
constexpr operand_fix fix_on_axis(rule const& r, layout const* x, int axis) {
    operand_fix best;
    fix_rank least{1 << 20, 0, 0, 0};
    bool const group = one_group(r, x);
    int at[max_operands]{};
    for (bool more = true; more;) {
        placement p[max_operands]{};
        operand_fix here;
        fix_rank rank;
        bool possible = true;
        for (int i = 0; i < r.operands; ++i) {
            placement const from = x[i].on[axis], to = choice(x[i], axis, at[i]);
            p[i] = to;
            if (at[i] == 0) continue;
            possible = possible && !same_place(from, to) && fault_of(placed(x[i], axis, to)).what == code::ok;
            here.of[here.changes++] = {i, to, 1, {axis}, 0};
            ++rank.changes;
            rank.bytes += bytes_about(x[i], axis, to);
            if (from.is == kind::shard && r.is_weight(i))
                ++rank.weights;
            else if (from.is == kind::shard && to.is != kind::shard)
                ++rank.shards;
        }
        if (possible && rank < least && infer_axis(r, p, group).what == code::ok) best = here, least = rank;
        int i = 0;
        while (i < r.operands && ++at[i] == 3 + x[i].rank) at[i++] = 0;
        more = i < r.operands;
    }
    for (int c = 0; c < best.changes; ++c)
        if (best.of[c].to.is == kind::shard) follow_list(r, x, best, best.of[c]);
    return best;
}

/// For operands that list a factor's axes in different order: one is given the list of the other, a weight only where
/// there is nothing else.
constexpr operand_fix fix_of_order(rule const& r, layout const* x, verdict const& v) {
    operand_fix best;
    fix_rank least{1 << 20, 0, 0, 0};
    char const factor = r.in[v.operand][x[v.operand].on[v.axis].dim];
    for (int like = 0; like < r.operands; ++like) {
        int const d = r.dim_of(like, factor);
        if (d < 0) continue;
        operand_fix here;
        fix_rank rank;
        layout after[max_operands];
        for (int i = 0; i < r.operands; ++i) {
            after[i] = x[i];
            int const e = r.dim_of(i, factor);
            if (e < 0 || i == like) continue;
            operand_fix::change c{i, on_shard(e), 0, {}, 0};
            for (int o = 0; o < x[like].shards(d); ++o) c.axis[c.axes++] = x[like].axis_at(d, o);
            for (int o = 0; o < x[i].shards(e); ++o) {  // and behind them those that only this operand has
                int const a = x[i].axis_at(e, o);
                if (x[like].on[a].is != kind::shard || x[like].on[a].dim != d) c.axis[c.axes++] = a;
            }
            layout to = x[i];
            for (int o = 0; o < c.axes; ++o) to = placed(to, c.axis[o], c.to);
            if (to == x[i]) continue;
            after[i] = to;
            if (fault_of(to).what != code::ok) continue;
            rank.bytes += convert(x[i], to).bytes;
            rank.weights += r.is_weight(i) ? 1 : 0;
            ++rank.changes;
            here.of[here.changes++] = c;
        }
        bool right = here.changes > 0;
        for (int i = 0; i < r.operands; ++i) right = right && fault_of(after[i]).what == code::ok;
        if (right && rank < least && infer(r, after).says.legal()) best = here, least = rank;
    }
    return best;
}

}  // namespace detail

/// The best way to mend what `infer` said of these operands: no weight loses a shard if anything else helps, no operand
/// is gathered if a reduction or a slice helps, then as few bytes as possible.
/// @param r the operation  @param x its operands  @param v its verdict on them
constexpr operand_fix suggest_fix(rule const& r, layout const* x, verdict const& v) {
    operand_fix out;
    if (v.what == code::factor_order)
        out = detail::fix_of_order(r, x, v);
    else if (!v.legal() && v.what != code::shapes_disagree)
        out = detail::fix_on_axis(r, x, v.axis);
    for (int c = 0; c < out.changes; ++c) {
        operand_fix::change& change = out.of[c];
        layout to = x[change.operand];
        for (int i = 0; i < change.axes; ++i) to = placed(to, change.axis[i], change.to);
        change.bytes = static_cast<long>(convert(x[change.operand], to, !r.is_constant(change.operand)).bytes);
    }
    return out;
}

}  // namespace shardtype
