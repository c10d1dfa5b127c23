#pragma once

#include <shardtype/search/chain_tables.hpp>

/// The cheapest way from every place in the chain to its end.
namespace shardtype::detail {

/// What is added up: time * of_time + memory * of_memory. Of equal sums the one with less of the second counts.
struct chain_measure {
    long of_time, of_memory;
    bool time_second;

    constexpr long cost(long time, long memory) const { return time * of_time + memory * of_memory; }
    constexpr long second(long time, long memory) const { return time_second ? time : memory; }
    constexpr long memory_of(long cost, long second) const { return time_second ? cost : second; }
    constexpr long time_of(long cost, long second) const {
        return time_second ? second : (cost - second * of_memory) / of_time;
    }
};
inline constexpr chain_measure least_time{1, 0, false}, least_memory{0, 1, true};

/// Costs of one place and how the path goes on; `steps` of a run that repeats itself stand in one row.
struct chain_row {
    int row, steps;
};

/// To the end of the chain, from a position's in layout (`from`) and from the out layout before it (`over`).
template <class Problem>
struct backward_table {
    static constexpr int layouts = Problem::max_layouts, positions = Problem::max_positions;

    chain_measure measure;
    long start, start_second;  // of the whole chain; `unreachable`: there is no path
    short start_layout;
    chain_row from_row[positions + 1], over_row[positions + 1];
    long from[positions + 1][layouts], from_second[positions + 1][layouts];
    long over[positions + 1][layouts], over_second[positions + 1][layouts];
    short option[positions + 1][layouts], next[positions + 1][layouts];
    long step[positions + 1], step_second[positions + 1];  // what one more of equal layers adds to a row

    constexpr long cost_from(int position, int in) const {
        chain_row const at = from_row[position];
        return from[at.row][in] + (at.steps > 0 ? at.steps * step[at.row] : 0);
    }
    constexpr long cost_over(int position, int out) const {
        chain_row const at = over_row[position];
        return over[at.row][out] + (at.steps > 0 ? at.steps * step[at.row] : 0);
    }
    constexpr long second_over(int position, int out) const {
        chain_row const at = over_row[position];
        return over_second[at.row][out] + (at.steps > 0 ? at.steps * step_second[at.row] : 0);
    }
    /// Of the cheapest way on, `cost_over` being below `unreachable`.
    constexpr long time_over(int position, int out) const {
        return measure.time_of(cost_over(position, out), second_over(position, out));
    }
    constexpr long memory_over(int position, int out) const {
        return measure.memory_of(cost_over(position, out), second_over(position, out));
    }
    constexpr long time() const { return measure.time_of(start, start_second); }
    constexpr long memory() const { return measure.memory_of(start, start_second); }
};

/// The costs before position i, redistributing from what layers of kind `before` give.
template <class Problem>
constexpr void redistribute_before(chain_tables<Problem> const& t, int i, int before, int kind,
                                   backward_table<Problem>& to) {
    to.over_row[i] = {i, 0};
    chain_row const at = to.from_row[i];
    for (int a = 0; a < t.outs_count[before]; ++a) {
        int const g = t.outs[before][a];
        long best = unreachable, second = unreachable;
        short best_h = 0;
        for (int b = 0; b < t.ins_count[kind]; ++b) {
            short const h = t.ins[kind][b];
            long const c =
                t.edge[g][h] >= unreachable ? unreachable : to.cost_from(i, h) + to.measure.cost(t.edge[g][h], 0);
            long const s = c >= unreachable ? unreachable
                                            : to.from_second[at.row][h] + to.measure.second(t.edge[g][h], 0) +
                                                  (at.steps > 0 ? at.steps * to.step_second[at.row] : 0);
            if (c < best || (c == best && s < second)) best = c, second = s, best_h = h;
        }
        to.over[i][g] = best, to.over_second[i][g] = second, to.next[i][g] = best_h;
    }
}

/// Whether position i costs from every layout the same more than position i + 1: so will all equal layers before it.
template <class Problem>
constexpr bool repeats(chain_tables<Problem> const& t, int i, int kind, backward_table<Problem>& to) {
    bool same = true, any = false;
    long step = 0, second = 0;
    for (int b = 0; b < t.ins_count[kind]; ++b) {
        int const h = t.ins[kind][b];
        long const c = to.from[i][h], d = to.from[i + 1][h];
        same = same && (c >= unreachable) == (d >= unreachable);
        if (c < unreachable && d < unreachable) {
            long const s = to.from_second[i][h] - to.from_second[i + 1][h];
            same = same && (!any || (c - d == step && s == second));
            step = c - d, second = s, any = true;
        }
    }
    to.step[i] = step, to.step_second[i] = second;
    return same && any;
}

/// Fills the table, from the last position to the first. Exact: a path is one choice per position and boundary.
template <class Problem>
constexpr void walk_backward(chain_tables<Problem> const& t, chain_measure measure, backward_table<Problem>& to) {
    constexpr int layouts = Problem::max_layouts;
    to.measure = measure;
    to.over_row[t.positions] = {t.positions, 0};
    for (int g = 0; g < layouts; ++g) {
        to.over[t.positions][g] = t.exit[g] >= unreachable ? unreachable : measure.cost(t.exit[g], 0);
        to.over_second[t.positions][g] = t.exit[g] >= unreachable ? unreachable : measure.second(t.exit[g], 0);
    }
    for (int s = t.segments; s-- > 0;) {
        int const kind = t.segment[s].kind, first = t.segment[s].first, last = first + t.segment[s].count - 1;
        kind_option const* const option = t.option[kind];
        long cost[Problem::max_options], second[Problem::max_options];
        for (int k = 0; k < t.count[kind]; ++k)
            cost[k] = measure.cost(option[k].time, option[k].memory),
            second[k] = measure.second(option[k].time, option[k].memory);
        for (int i = last; i >= first; --i) {
            to.from_row[i] = {i, 0};
            for (int b = 0; b < t.ins_count[kind]; ++b)
                to.from[i][t.ins[kind][b]] = to.from_second[i][t.ins[kind][b]] = unreachable;
            for (int k = 0; k < t.count[kind]; ++k) {
                int const h = option[k].in, g = option[k].out;
                long const c = to.over[i + 1][g] + cost[k], d = to.over_second[i + 1][g] + second[k];
                if (c < to.from[i][h] || (c == to.from[i][h] && d < to.from_second[i][h]))
                    to.from[i][h] = c, to.from_second[i][h] = d, to.option[i][h] = static_cast<short>(k);
            }
            if (i < last && repeats(t, i, kind, to)) {
                for (int j = first; j < i; ++j) to.from_row[j] = {i, i - j}, to.over_row[j + 1] = {i + 1, i - j};
                to.step[i + 1] = to.step[i], to.step_second[i + 1] = to.step_second[i];
                break;
            }
            if (i > first) redistribute_before(t, i, kind, kind, to);
        }
        if (s > 0) redistribute_before(t, first, t.segment[s - 1].kind, kind, to);
    }
    to.start = to.start_second = unreachable;
    for (int b = 0; b < t.ins_count[t.segment[0].kind]; ++b) {
        short const h = t.ins[t.segment[0].kind][b];
        long const c = t.entry[h] >= unreachable ? unreachable : to.cost_from(0, h) + measure.cost(t.entry[h], 0);
        chain_row const at = to.from_row[0];
        long const d = c >= unreachable ? unreachable
                                        : to.from_second[at.row][h] + measure.second(t.entry[h], 0) +
                                              (at.steps > 0 ? at.steps * to.step_second[at.row] : 0);
        if (c < to.start || (c == to.start && d < to.start_second))
            to.start = c, to.start_second = d, to.start_layout = h;
    }
}

/// Writes the cheapest options of the positions from `i` on, entered in layout h.
template <class Problem>
constexpr void follow(chain_tables<Problem> const& t, backward_table<Problem> const& by, int i, short h,
                      short* choice) {
    for (int s = 0; s < t.segments; ++s) {
        int const end = t.segment[s].first + t.segment[s].count;
        for (; i >= t.segment[s].first && i < end; ++i) {
            kind_option const& o = t.option[t.segment[s].kind][by.option[by.from_row[i].row][h]];
            choice[i] = o.number;
            if (i + 1 < t.positions) h = by.next[by.over_row[i + 1].row][o.out];
        }
    }
}

}  // namespace shardtype::detail
