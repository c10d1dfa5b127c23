#pragma once

#include <shardtype/search/chain_labels.hpp>

/// Label setting: every part of a plan that could still belong to a faster one, from both ends of the chain until they
/// meet. Lists grow with their distance from the end, so two halves have fewer labels than one whole.
namespace shardtype::detail {

/// The chain from one end, and by three measures what is left to do from every place.
template <class Problem>
struct chain_side {
    chain_tables<Problem> tables;
    backward_table<Problem> fast, lean, priced;

    constexpr backward_table<Problem> const& rest(int which) const {
        return which == 0 ? priced : which == 1 ? lean : fast;
    }
};

/// How far the labels of one side have come.
template <class Problem>
struct label_front {
    int position, segment;  // of the next layer
    label_list before[Problem::max_layouts];
};

/// The best plan known, shared by both sides.
struct chain_incumbent {
    long time;            // only what is faster counts
    int label, position;  // the label that began it, behind so many layers of its side; label -1: it was known before
    int side;             // 0: of the beginning, 1: of the end
    int other;            // the label of the other side that it meets; -1: it goes on by a table
    int rest;             // which
};

template <class Problem>
struct label_search {
    static constexpr int layouts = Problem::max_layouts;

    chain_side<Problem> const& side;
    label_front<Problem>& at;
    chain_incumbent& best;
    chain_label* label;
    int &used, capacity, arriving;
    int number;  // of the side
    int widest;  // about so many labels a list; 0: no limit, so that nothing is lost
    bool full = false;
    label_merge<Problem::max_options + layouts> merge;

    constexpr label_search(chain_side<Problem> const& from, label_front<Problem>& front, chain_incumbent& known,
                           chain_label* labels, int& used_labels, int max_labels, int max_arriving, int side_number,
                           int limit)
        : side(from),
          at(front),
          best(known),
          label(labels),
          used(used_labels),
          capacity(max_labels),
          arriving(max_arriving),
          number(side_number),
          widest(limit),
          merge(from.priced.measure, labels, max_labels) {}

    constexpr label_limits limits(long rest_time, long rest_memory, long rest_cost) const {
        long const room = side.tables.room;
        return {best.time - rest_time, room - rest_memory,
                (best.time - 1) * merge.of_time + room * merge.of_memory - rest_cost};
    }
    /// The fastest of the list's labels that fit with this way on, if it beats the best.
    constexpr void complete(label_list const& list, short layout, int which) {
        backward_table<Problem> const& rest = side.rest(which);
        if (rest.cost_over(at.position, layout) >= unreachable) return;
        long const more = rest.time_over(at.position, layout);
        long const limit = side.tables.room - rest.memory_over(at.position, layout);
        int k = list.end - 1;
        while (k >= list.begin && label[k].memory > limit) --k;
        if (k >= list.begin && label[k].time + more < best.time)
            best = {label[k].time + more, k, at.position, number, -1, which};
    }
    /// Keeps of the list made last about `widest` labels, the cheapest.
    constexpr void narrow(label_list& list) {
        long above = 0;
        for (int k = list.begin; k < list.end; ++k)
            above = label[k].cost - list.cost > above ? label[k].cost - list.cost : above;
        for (; list.end - list.begin > widest && above > 0; above /= 2) {
            int kept = list.begin;
            for (int k = list.begin; k < list.end; ++k)
                if (label[k].cost - list.cost <= above / 2) label[kept++] = label[k];
            merge.work += 3 * (list.end - list.begin);
            list.end = kept;
        }
        used = list.end;
    }
    /// Lists before a layer: redistributed, from the out layouts behind the one before. `more` is still to be added.
    constexpr void arrive(int last_kind, int kind, label_list* arrived, long* more) {
        chain_tables<Problem> const& t = side.tables;
        int const i = at.position;
        int end = capacity;
        for (int b = 0; b < t.ins_count[kind] && !full; ++b) {
            short const h = t.ins[kind][b];
            label_limits const to =
                limits(side.fast.cost_from(i, h), side.lean.cost_from(i, h), side.priced.cost_from(i, h));
            arrived[h] = {end, end, unreachable}, more[h] = 0;
            if (i == 0) {
                arrived[h].cost = t.entry[h] < unreachable ? t.entry[h] * merge.of_time : unreachable;
                if (t.entry[h] < to.time && to.memory >= 0 && arrived[h].cost <= to.cost)
                    label[end++] = {t.entry[h], 0, arrived[h].cost, -1, 0, h}, arrived[h].end = end;
                continue;
            }
            short last = 0;
            for (int a = 0; a < t.outs_count[last_kind]; ++a) {
                short const g = t.outs[last_kind][a];
                int const sources = merge.sources;
                if (at.before[g].begin != at.before[g].end && t.edge[g][h] < unreachable)
                    merge.offer(at.before[g], t.edge[g][h], 0, 0, to);
                last = merge.sources > sources ? g : last;
            }
            if (merge.sources == 1)  // no need for a copy
                arrived[h] = at.before[last], more[h] = t.edge[last][h], merge.sources = 0;
            else if (merge.sources > 1)
                full = !merge.take(to, h, end, capacity + arriving, arrived[h]);
        }
    }
    /// One layer further.
    constexpr void step() {
        chain_tables<Problem> const& t = side.tables;
        int const last_kind = t.segment[at.segment].kind;
        if (at.position == t.segment[at.segment].first + t.segment[at.segment].count) ++at.segment;
        int const kind = t.segment[at.segment].kind;
        label_list arrived[layouts];
        long more[layouts];
        merge.work += 250 + 12 * t.count[kind];
        arrive(last_kind, kind, arrived, more);
        ++at.position;
        for (int a = 0, k = 0; a < t.outs_count[kind] && !full; ++a) {
            short const g = t.outs[kind][a];
            label_limits const to = limits(side.fast.cost_over(at.position, g), side.lean.cost_over(at.position, g),
                                           side.priced.cost_over(at.position, g));
            for (; k < t.outs_end[kind][a]; ++k) {
                kind_option const& o = t.option[kind][k];
                if (arrived[o.in].begin != arrived[o.in].end)
                    merge.offer(arrived[o.in], o.time + more[o.in], o.memory, k, to);
            }
            at.before[g] = {used, used, unreachable};
            if (merge.sources == 0) continue;
            full = !merge.take(to, g, used, capacity, at.before[g]);
            if (at.before[g].begin == at.before[g].end) continue;
            if (widest > 0) narrow(at.before[g]);
            for (int which = 0; which < 3; ++which) complete(at.before[g], g, which);
        }
    }
    /// Labels at the place where it stands.
    constexpr int width() const {
        int n = 0, kind = side.tables.segment[at.segment].kind;
        for (int a = 0; at.position > 0 && a < side.tables.outs_count[kind]; ++a)
            n += at.before[side.tables.outs[kind][a]].end - at.before[side.tables.outs[kind][a]].begin;
        return n;
    }
};

/// Puts the parts from the beginning before those from the end, where the two fronts meet.
template <class Problem>
constexpr void meet(chain_side<Problem> const& front, label_front<Problem> const& begin,
                    chain_side<Problem> const& back, label_front<Problem> const& end, chain_label const* label,
                    chain_incumbent& best) {
    chain_tables<Problem> const &t = front.tables, &u = back.tables;
    int const kind = t.segment[begin.segment].kind, next = u.segment[end.segment].kind;
    for (int a = 0; a < t.outs_count[kind]; ++a)
        for (int b = 0; b < u.outs_count[next]; ++b) {
            label_list const &mine = begin.before[t.outs[kind][a]], &theirs = end.before[u.outs[next][b]];
            long const edge = t.edge[t.outs[kind][a]][u.outs[next][b]];
            if (edge >= unreachable) continue;
            for (int i = mine.begin, j = theirs.end - 1; i < mine.end; ++i) {
                while (j >= theirs.begin && label[j].memory > t.room - label[i].memory) --j;
                if (j < theirs.begin) break;
                if (label[i].time + edge + label[j].time < best.time)
                    best = {label[i].time + edge + label[j].time, i, begin.position, 0, j, 0};
            }
        }
}

/// Writes the options from a label back to the end that it came from.
template <class Problem>
constexpr void read_back(chain_tables<Problem> const& t, chain_label const* label, int one, int position, bool turned,
                         short* choice) {
    for (int s = t.segments; s-- > 0;)
        for (; position > t.segment[s].first; one = label[one].parent) {
            --position;
            choice[turned ? t.positions - 1 - position : position] =
                t.option[t.segment[s].kind][label[one].option].number;
        }
}

/// Writes the plan of an incumbent that labels began.
template <class Problem>
constexpr void read_back(chain_side<Problem> const* sides, chain_label const* label, chain_incumbent const& best,
                         short* choice) {
    chain_tables<Problem> const& t = sides[best.side].tables;
    read_back(t, label, best.label, best.position, best.side == 1, choice);
    if (best.other >= 0) {
        read_back(sides[1].tables, label, best.other, t.positions - best.position, true, choice);
    } else if (best.position < t.positions) {
        backward_table<Problem> const& by = sides[best.side].rest(best.rest);
        short rest[Problem::max_positions];
        follow(t, by, best.position, by.next[by.over_row[best.position].row][label[best.label].layout], rest);
        for (int i = best.position; i < t.positions; ++i) choice[best.side == 0 ? i : t.positions - 1 - i] = rest[i];
    }
}

}  // namespace shardtype::detail
