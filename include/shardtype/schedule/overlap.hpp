#pragma once

#include <shardtype/schedule/kernels.hpp>
#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

namespace detail {

constexpr bool starts_collective(step const& s) {
    return s.kind == step_kind::collective_start || s.kind == step_kind::materialize;
}

/// Moves the phases of a schedule's collectives within their segments. It works on the order of a segment's steps, as
/// numbers; new steps are made behind the last one.
struct overlapper {
    schedule_builder& b;                         ///< what it changes
    short order[schedule_builder::max_steps]{};  ///< of all steps, when it is done
    short* at = nullptr;                         ///< the open segment's part of it
    short n = 0;                                 ///< steps in there
    unsigned long long here = 0;                 ///< its bit in the masks of segments
    short made;                                  ///< steps in all, with those that are not in their place yet
    /// Of the open segment: slots of its collectives, and of the gathers that run ahead.
    /// @{
    short slots[schedule_builder::max_steps]{}, ahead[schedule_builder::max_steps]{};
    /// @}
    bool filled[schedule_builder::max_steps]{};  ///< by slot: something goes between start and wait already
    /// In which segments a buffer is written, and used at all; of state the whole region.
    /// @{
    unsigned long long written[schedule_builder::max_buffers]{}, touched[schedule_builder::max_buffers]{};
    /// @}
    /// By step: a few bits of the buffers that it writes, and of those that it uses. Steps without a common one need no
    /// comparison of operands, which is what costs compile time.
    /// @{
    unsigned long long writes[schedule_builder::max_steps]{}, uses[schedule_builder::max_steps]{};
    /// @}

    /// For this schedule.
    constexpr explicit overlapper(schedule_builder& builder) : b(builder), made(builder.step_count) {
        static_assert(schedule_builder::max_segments <= 64);
        for (short s = 0; s < b.segment_count; ++s)
            for (short i = b.segments[s].begin; i < b.segments[s].end; ++i)
                for (short k = 0; k < b.steps[i].args; ++k) {
                    short const q = home(b.steps[i].arg[k].buffer);
                    unsigned long long const bit = 1ULL << (q & 63);
                    touched[q] |= 1ULL << s;
                    if (b.steps[i].uses(k)) uses[i] |= bit;
                    if (((b.steps[i].writes >> k) & 1U) == 0) continue;
                    written[q] |= 1ULL << s;
                    writes[i] |= bit;
                }
    }

    /// Step number i of the segment.
    constexpr step& the(short i) const { return b.steps[at[i]]; }
    /// The buffer, or the state region that it is a part of.
    constexpr short home(short buffer) const {
        buffer_class const is = b.buffers[buffer].is;
        return is == buffer_class::parameter ? b.at.weights : is == buffer_class::gradient ? b.at.gradients : buffer;
    }
    /// A parameter's gradient is a part of the region that the optimiser reads, and so on.
    constexpr bool same_memory(short x, short y) const { return x == y || home(x) == y || home(y) == x; }
    /// Must steps number i and j of the segment stay in their order?
    constexpr bool ordered(int i, int j) const { return steps_ordered(at[i], at[j]); }
    constexpr bool steps_ordered(short first, short second) const {
        step const &x = b.steps[first], &y = b.steps[second];
        if (x.slot >= 0 && x.slot == y.slot) return true;
        if (((writes[first] & uses[second]) | (uses[first] & writes[second])) == 0) return false;
        for (short i = 0; i < x.args; ++i)
            for (short j = 0; j < y.args; ++j) {
                unsigned const xs = ((x.reads >> i) & 1U) | ((x.writes >> i) & 1U) << 1;
                unsigned const ys = ((y.reads >> j) & 1U) | ((y.writes >> j) & 1U) << 1;
                if (xs != 0 && ys != 0 && ((xs | ys) & 2U) != 0 && same_memory(x.arg[i].buffer, y.arg[j].buffer))
                    return true;
            }
        return false;
    }
    /// Moves step `from` of the segment to place `to`.
    constexpr void move(short from, short to) {
        short const moved = at[from];
        for (; from > to; --from) at[from] = at[from - 1];
        for (; from < to; ++from) at[from] = at[from + 1];
        at[to] = moved;
    }
    /// Where the phase of a collective is that the segment has once.
    constexpr short find(short slot, step_kind kind) const {
        short i = 0;
        while (i + 1 < n && (the(i).slot != slot || the(i).kind != kind)) ++i;
        return i;
    }
    /// Up to just behind what it depends on; gathers of parameters keep their order.
    constexpr void raise(short i) {
        short to = i;
        while (to > 0 && b.steps[at[to - 1]].kind != step_kind::materialize && !ordered(to - 1, i)) --to;
        move(i, to);
    }
    /// Down to just before what depends on it.
    constexpr void lower(short i) {
        short to = i;
        while (to + 1 < n && !ordered(i, to + 1)) ++to;
        move(i, to);
    }
    /// A finish costs nothing behind the wait of a collective of the same axis that started behind its own wait: who
    /// started that one had waited for this one. There it goes; a later place would only keep memory.
    constexpr void place_finish(short i) {
        for (short k = find(the(i).slot, step_kind::collective_wait); k < i; ++k) {
            if (!starts_collective(the(k)) || the(k).axis != the(i).axis) continue;
            short to = k;
            while (to < i && (the(to).slot != the(k).slot || the(to).kind != step_kind::collective_wait)) ++to;
            if (to == i) continue;
            move(i, static_cast<short>(to + 1));
            return;
        }
        lower(i);
    }
    /// Backward needs a weight's gradient at no special time: its product, and what follows from it, goes between start
    /// and wait of a later collective, which nothing else can part. @returns the slot of that collective, or -1
    constexpr short fill_with(short i) {
        short moved[16]{};  // the product and what follows from it
        short count = 1, k = i;
        moved[0] = at[i];
        while (++k < n) {
            step const& s = the(k);
            bool follows = false;
            for (short j = 0; j < count && !follows; ++j) follows = steps_ordered(moved[j], at[k]);
            if (follows && count == 16) return -1;
            if (follows)
                moved[count++] = at[k];
            else if (s.kind == step_kind::collective_start && !filled[s.slot] &&
                     b.buffers[s.arg[1].buffer].is == buffer_class::local)
                break;
        }
        if (k == n) return -1;
        short to = i, next = 0;
        for (short j = i; j <= k; ++j)
            if (next < count && at[j] == moved[next])
                ++next;
            else
                at[to++] = at[j];
        for (short j = 0; j < count; ++j) at[to++] = moved[j];
        return the(static_cast<short>(k - count)).slot;
    }
    /// The kernel before step `start` of the segment that makes its operand, a cast, from what the loop does not change,
    /// for this gather alone. -1: there is none
    constexpr short maker(short start) const {
        short const operand = the(start).arg[0].buffer;
        short found = -1;
        if (touched[operand] != here) return -1;
        for (short i = 0; i < n; ++i) {
            step const& s = the(i);
            if (i == start || (s.slot >= 0 && s.slot == the(start).slot)) continue;
            bool makes = false, changes = false;
            for (short k = 0; k < s.args; ++k)
                if (s.uses(k) && s.arg[k].buffer == operand)
                    makes = true;
                else
                    changes = changes || (written[home(s.arg[k].buffer)] & here) != 0;
            if (!makes) continue;
            if (found >= 0 || i > start || changes || s.kind != step_kind::kernel || s.scratch >= 0) return -1;
            found = i;
        }
        return found;
    }
    /// Can the gather run a trip ahead: of what the loop does not change, to where only this loop looks?
    constexpr bool can_run_ahead(segment const& g, short i) const {
        step const& start = the(i);
        short const source = start.arg[0].buffer, target = start.arg[1].buffer;
        if (g.trips < 2 || start.kind != step_kind::materialize || b.buffers[target].is != buffer_class::local)
            return false;
        return touched[target] == here && ((written[home(source)] & here) == 0 || maker(i) >= 0);
    }
    /// A copy of a step, for the trip `trips` later, on trips [from, to).
    constexpr short another(short of, bool reverse, int trips, int from, int to) {
        if (made == schedule_builder::max_steps) {
            b.fail(code::capacity);
            return of;
        }
        step& s = b.steps[made] = b.steps[of];
        for (short k = 0; k < s.args; ++k)
            s.arg[k].shift = static_cast<short>(s.arg[k].shift + (reverse ? -trips : trips));
        s.ahead = 1;  // before or after: the slot of the other parity
        s.from = from;
        s.to = to;
        return made++;
    }
    constexpr void insert(short to, short number) {
        for (short i = n++; i > to; --i) at[i] = at[i - 1];
        at[to] = number;
    }
    /// The gather with its wait at step `waited`: in every trip, behind the wait for this trip's, the one of the trip
    /// before is finished and the one of the next trip starts, in the same slot and buffer. So the others may be a
    /// whole trip ahead or behind.
    constexpr void run_ahead(segment const& g, short slot) {
        short start = 0;
        while (the(start).slot != slot) ++start;
        short const waited = find(slot, step_kind::collective_wait);
        short const finish = find(slot, step_kind::collective_finish);
        short const cast = (written[the(start).arg[0].buffer] & here) != 0 ? maker(start) : static_cast<short>(-1);
        if (made + 3 > schedule_builder::max_steps || n + 3 > schedule_builder::max_steps) {
            b.fail(code::capacity);
            return;
        }
        short const next = another(at[start], g.reverse, 1, 0, g.trips - 1);
        short const before = another(at[finish], g.reverse, -1, 1, g.trips);
        the(start).to = 1;
        the(finish).from = g.trips - 1;
        move(finish, static_cast<short>(n - 1));
        insert(static_cast<short>(waited + 1), before);
        insert(static_cast<short>(waited + 2), next);
        if (cast < 0) return;
        the(cast).to = 1;
        insert(static_cast<short>(waited + 2), another(at[cast], g.reverse, 1, 0, g.trips - 1));
    }

    constexpr void keep_segment(segment const& g, short begin) {
        at = order + begin;
        n = static_cast<short>(g.end - g.begin);
        for (short i = 0; i < n; ++i) at[i] = static_cast<short>(g.begin + i);
    }
    constexpr void overlap_segment(segment& g, short begin) {
        keep_segment(g, begin);
        for (short i = 0; i < n; ++i)
            if (the(i).kind == step_kind::collective_finish)
                the(i).writes = 0, writes[at[i]] = 0;  // the target is this rank's already
        for (short i = static_cast<short>(n - 1); i >= 0; --i) {
            if (the(i).kernel != id_of<kernels::linear_weight_gradient>) continue;
            short const slot = fill_with(i);
            if (slot >= 0) filled[slot] = true;
        }
        short collectives = 0, gathers = 0;
        for (short i = 0; i < n; ++i) {
            if (!starts_collective(the(i))) continue;
            if (can_run_ahead(g, i)) ahead[gathers++] = the(i).slot;
            slots[collectives++] = the(i).slot;
            raise(i);
        }
        for (short k = 0; k < collectives; ++k) lower(find(slots[k], step_kind::collective_finish));
        for (short k = 0; k < collectives; ++k) lower(find(slots[k], step_kind::collective_wait));
        for (short k = 0; k < collectives; ++k) place_finish(find(slots[k], step_kind::collective_finish));
        for (short k = 0; k < gathers; ++k) run_ahead(g, ahead[k]);
    }
};

}  // namespace detail

/// Lets communication run beside computation. Within its segment every start moves up to what it needs, every wait down
/// to what needs it, every finish to where it costs nothing; gathers of parameters in a loop run one trip ahead, their
/// buffers get two slots. What is computed, and in which order sums are made, stays. Before `add_releases`. Every parts-th
/// segment from `part` on: compilers count the steps of a constant.
constexpr void overlap_collectives(schedule_builder& b, int part = 0, int parts = 1) {
    detail::overlapper o(b);
    short end = 0;
    segment now[schedule_builder::max_segments]{};
    for (short s = 0; s < b.segment_count; ++s) {
        segment& g = b.segments[s];
        o.here = 1ULL << s;
        if (s % parts == part)
            o.overlap_segment(g, end);
        else
            o.keep_segment(g, end);
        now[s] = g;
        now[s].begin = end;
        now[s].end = end = static_cast<short>(end + o.n);
    }
    if (!b.says.legal()) return;
    for (short s = 0; s < b.segment_count; ++s) b.segments[s] = now[s];
    b.step_count = end;
    for (short i = 0; i < end; ++i) {  // every step to its place: o.order is a permutation
        if (o.order[i] == i || o.order[i] < 0) continue;
        step const first = b.steps[i];
        short to = i;
        while (o.order[to] != i) {
            short const from = o.order[to];
            b.steps[to] = b.steps[from];
            o.order[to] = -1;
            to = from;
        }
        b.steps[to] = first;
        o.order[to] = -1;
    }
}

}  // namespace shardtype
