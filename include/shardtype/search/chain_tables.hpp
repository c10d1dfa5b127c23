#pragma once

#include <shardtype/search/chain_problem.hpp>

/// What the search works on: runs cut at pins, options reduced to those that can be part of an optimum.
namespace shardtype::detail {

struct kind_option {
    short in, out, number;
    long time, memory, window;
};

struct chain_segment {
    int first, count;
    short kind;
};

/// A class, or a class under pins.
template <class Problem>
struct chain_kinds {
    static constexpr int layouts = Problem::max_layouts, options = Problem::max_options;
    static constexpr int max_segments = Problem::max_runs + 2 * Problem::max_pins;
    static constexpr int max_kinds = Problem::max_classes + max_segments;  // a pin may cover all
    static constexpr int max_windows = max_kinds * options + layouts * layouts;

    bool valid;
    int positions, segments, kinds, windows;
    chain_segment segment[max_segments];
    int count[max_kinds];
    kind_option option[max_kinds][options];  // by layouts, those by time
    long window[max_windows];                // distinct, ascending
    long largest_time, largest_memory;       // no path's sums are larger
};

/// By out layout, in layout, time, memory, window, number.
constexpr bool sorts_before(kind_option const& a, kind_option const& b) {
    if (a.out != b.out) return a.out < b.out;
    if (a.in != b.in) return a.in < b.in;
    if (a.time != b.time) return a.time < b.time;
    if (a.memory != b.memory) return a.memory < b.memory;
    return a.window != b.window ? a.window < b.window : a.number < b.number;
}

/// A class' options under the pins at a position (-1: under none), sorted, without those that another one with the same
/// layouts beats or equals.
template <class Problem>
constexpr void add_kind(Problem const& p, int of, int position, chain_kinds<Problem>& to) {
    kind_option all[Problem::max_options];
    int n = 0, kept = 0, group = 0;
    for (int k = 0; k < p.of[of].count; ++k) {
        chain_option const& o = p.of[of].option[k];
        if (!o.allowed || (position >= 0 && !p.admits(position, k))) continue;
        kind_option const one{o.in, o.out, static_cast<short>(k), o.time, o.memory, o.window};
        int at = n++;
        for (; at > 0 && sorts_before(one, all[at - 1]); --at) all[at] = all[at - 1];
        all[at] = one;
    }
    kind_option* const option = to.option[to.kinds];
    for (int i = 0; i < n; ++i) {
        kind_option const& a = all[i];
        if (kept > 0 && (option[kept - 1].out != a.out || option[kept - 1].in != a.in)) group = kept;
        bool beaten = false;  // by one that is as fast
        for (int j = group; j < kept && !beaten; ++j)
            beaten = option[j].memory <= a.memory && option[j].window <= a.window;
        if (!beaten) option[kept++] = a;
    }
    to.count[to.kinds++] = kept;
}

/// Cuts the runs where a pin begins or ends: every segment has one set of options.
template <class Problem>
constexpr void cut_at_pins(Problem const& p, chain_kinds<Problem>& to) {
    int at = 0;
    for (int r = 0; r < p.runs; ++r) {
        int const end = at + p.run[r].count;
        while (at < end) {
            int next = end;
            bool pinned = false;
            for (int k = 0; k < p.pins; ++k) {
                int const from = p.pin[k].first, until = from + p.pin[k].count;
                next = from > at && from < next ? from : until > at && until < next ? until : next;
                pinned = pinned || (from <= at && at < until);
            }
            to.segment[to.segments++] = {at, next - at, pinned ? static_cast<short>(to.kinds) : p.run[r].of};
            if (pinned) add_kind(p, p.run[r].of, at, to);
            at = next;
        }
    }
    to.positions = at;
}

template <class Problem>
constexpr void add_window(chain_kinds<Problem>& to, long window) {
    int at = 0;
    while (at < to.windows && to.window[at] < window) ++at;
    if (at < to.windows && to.window[at] == window) return;
    for (int k = to.windows++; k > at; --k) to.window[k] = to.window[k - 1];
    to.window[at] = window;
}

/// Whether indices are in range, nothing is negative, and no sum leaves 2^57; sets what depends on the sums.
template <class Problem>
constexpr bool check_sums(Problem const& p, chain_kinds<Problem>& to) {
    constexpr long limit = 1L << 57;
    bool good = p.complete && p.runs > 0 && p.layouts > 0 && p.layouts <= Problem::max_layouts && p.fixed >= 0 &&
                limit > p.fixed && p.budget >= 0;  // g++ 12 reads `p.fixed <` as a template where one has that name
    long edge = 0, ends = 0, times = 0, memories = 0;
    for (int g = 0; good && g < p.layouts; ++g) {
        for (int h = 0; h < p.layouts; ++h) {
            chain_edge const& e = p.redistribution[g][h];
            good =
                good && e.time >= 0 && e.window >= 0 && e.window < limit && (e.time < limit || e.time >= unreachable);
            edge = e.time < unreachable && e.time > edge ? e.time : edge;
        }
        long const first = p.entry[g] < unreachable ? p.entry[g] : 0, last = p.exit[g] < unreachable ? p.exit[g] : 0;
        good = good && first >= 0 && last >= 0 && first < limit / 4 && last < limit / 4;
        ends = first + last > ends ? first + last : ends;
    }
    long time[Problem::max_classes]{}, memory[Problem::max_classes]{};
    for (int c = 0; good && c < p.classes; ++c) {
        good = p.of[c].complete;
        for (int k = 0; k < p.of[c].count; ++k) {
            chain_option const& o = p.of[c].option[k];
            good = good && o.time >= 0 && o.memory >= 0 && o.window >= 0 && o.time < limit && o.memory < limit &&
                   o.window < limit && o.in >= 0 && o.in < p.layouts && o.out >= 0 && o.out < p.layouts;
            time[c] = o.time > time[c] ? o.time : time[c];
            memory[c] = o.memory > memory[c] ? o.memory : memory[c];
        }
    }
    int positions = 0;
    for (int r = 0; good && r < p.runs; ++r) {
        int const of = p.run[r].of, count = p.run[r].count;
        good = of >= 0 && of < p.classes && count > 0 && count <= Problem::max_positions - positions &&
               time[of] + edge < (limit - times) / count && memory[of] < (limit - memories) / count;
        if (good) positions += count, times += count * (time[of] + edge), memories += count * memory[of];
    }
    times += ends;
    for (int k = 0; k < p.pins; ++k)
        good = good && p.pin[k].first >= 0 && p.pin[k].count > 0 && p.pin[k].count <= Problem::max_positions;
    to.largest_time = times;
    to.largest_memory = memories;
    return good;
}

/// Checks the problem, cuts its runs, and drops the options that lose to another at every budget and every window.
template <class Problem>
constexpr void find_kinds(Problem const& p, chain_kinds<Problem>& to) {
    to.kinds = to.segments = to.windows = to.positions = 0;
    to.valid = check_sums(p, to);
    if (!to.valid) return;
    for (int c = 0; c < p.classes; ++c) add_kind(p, c, -1, to);
    cut_at_pins(p, to);
    for (int s = 0; s < to.segments; ++s)
        for (int k = 0; k < to.count[to.segment[s].kind]; ++k) add_window(to, to.option[to.segment[s].kind][k].window);
    for (int g = 0; g < p.layouts; ++g)
        for (int h = 0; h < p.layouts; ++h)
            if (p.redistribution[g][h].time < unreachable) add_window(to, p.redistribution[g][h].window);
    if (to.windows == 0) add_window(to, 0);
}

/// The problem under one threshold: windows above it are out, so the largest counts as the threshold itself.
template <class Problem>
struct chain_tables {
    static constexpr int layouts = Problem::max_layouts, options = Problem::max_options;
    static constexpr int max_positions = Problem::max_positions;
    static constexpr int max_kinds = chain_kinds<Problem>::max_kinds;

    int positions, segments, kinds;
    chain_segment segment[chain_kinds<Problem>::max_segments];
    int count[max_kinds], ins_count[max_kinds], outs_count[max_kinds];
    kind_option option[max_kinds][options];
    int outs_end[max_kinds][layouts];  // options lie by out layout, in the order of outs
    short ins[max_kinds][layouts], outs[max_kinds][layouts];
    long edge[layouts][layouts], entry[layouts], exit[layouts];
    long room;  // KiB for the sum of memories; negative: nothing fits
};

template <class Problem>
constexpr void at_threshold(Problem const& p, chain_kinds<Problem> const& from, long threshold,
                            chain_tables<Problem>& to) {
    constexpr int layouts = Problem::max_layouts;
    long const room = p.budget - p.fixed - threshold;
    to.room = room < 0 ? -1 : room < from.largest_memory ? room : from.largest_memory;
    to.positions = from.positions, to.segments = from.segments, to.kinds = from.kinds;
    for (int s = 0; s < from.segments; ++s) to.segment[s] = from.segment[s];
    for (int g = 0; g < layouts; ++g) {
        to.entry[g] = p.entry[g] < unreachable ? p.entry[g] : unreachable,
        to.exit[g] = p.exit[g] < unreachable ? p.exit[g] : unreachable;
        for (int h = 0; h < layouts; ++h)
            to.edge[g][h] = p.redistribution[g][h].window <= threshold && p.redistribution[g][h].time < unreachable
                                ? p.redistribution[g][h].time
                                : unreachable;
    }
    for (int k = 0; k < from.kinds; ++k) {
        kind_option* const kept = to.option[k];
        bool in[layouts]{};
        int used = 0;
        long least = 0;  // memory of those with the same layouts
        to.ins_count[k] = to.outs_count[k] = 0;
        for (int j = 0; j < from.count[k]; ++j) {
            kind_option const& a = from.option[k][j];
            if (a.window > threshold) continue;
            bool const new_out = used == 0 || kept[used - 1].out != a.out;
            if (!new_out && kept[used - 1].in == a.in && a.memory >= least) continue;
            if (new_out) to.outs[k][to.outs_count[k]++] = a.out;
            if (!in[a.in]) in[a.in] = true, to.ins[k][to.ins_count[k]++] = a.in;
            kept[used++] = a, least = a.memory;
            to.outs_end[k][to.outs_count[k] - 1] = used;
        }
        to.count[k] = used;
    }
}

/// The same chain from its end to its beginning.
template <class Problem>
constexpr void turn_round(chain_tables<Problem> const& from, chain_tables<Problem>& to) {
    constexpr int layouts = Problem::max_layouts;
    to.positions = from.positions, to.segments = from.segments, to.kinds = from.kinds, to.room = from.room;
    for (int s = 0; s < from.segments; ++s) {
        chain_segment const& one = from.segment[from.segments - 1 - s];
        to.segment[s] = {from.positions - one.first - one.count, one.count, one.kind};
    }
    for (int g = 0; g < layouts; ++g) {
        to.entry[g] = from.exit[g], to.exit[g] = from.entry[g];
        for (int h = 0; h < layouts; ++h) to.edge[g][h] = from.edge[h][g];
    }
    for (int k = 0; k < from.kinds; ++k) {
        int used = 0;
        to.count[k] = from.count[k], to.ins_count[k] = from.outs_count[k], to.outs_count[k] = from.ins_count[k];
        for (int a = 0; a < from.outs_count[k]; ++a) to.ins[k][a] = from.outs[k][a];
        for (int a = 0; a < from.ins_count[k]; ++a) {
            to.outs[k][a] = from.ins[k][a];
            for (int j = 0; j < from.count[k]; ++j)
                if (from.option[k][j].in == from.ins[k][a])
                    to.option[k][used] = from.option[k][j], to.option[k][used].in = from.option[k][j].out,
                    to.option[k][used++].out = from.ins[k][a];
            to.outs_end[k][a] = used;
        }
    }
}

}  // namespace shardtype::detail
