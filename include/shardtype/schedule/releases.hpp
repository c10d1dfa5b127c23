#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// Marks where a gathered parameter is dead: a release step after its last use.
constexpr void add_releases(schedule_builder& b) {
    short made[schedule_builder::max_buffers]{}, last[schedule_builder::max_buffers]{};
    short used[schedule_builder::max_buffers]{};  // by which step at last
    bool ends[schedule_builder::max_steps]{};     // something with this step
    for (short i = 0; i < b.step_count; ++i)
        for (short k = 0; k < b.steps[i].args; ++k)
            if (b.steps[i].uses(k)) used[b.steps[i].arg[k].buffer] = i;
    short releases = 0, kept = 0;  // what is gathered once per step is not released within it
    for (short s = 0; s < b.segment_count; ++s)
        if (b.segments[s].when == segment_kind::begin_step) kept = b.segments[s].end;
    for (short i = kept; i < b.step_count; ++i) {
        if (b.steps[i].kind != step_kind::materialize || b.steps[i].ahead > 0) continue;
        short const buffer = b.steps[i].arg[1].buffer;
        made[releases] = buffer;
        last[releases++] = used[buffer];
        ends[used[buffer]] = true;
    }
    if (releases == 0) return;
    if (b.step_count + releases > schedule_builder::max_steps) {
        b.fail(code::capacity);
        return;
    }
    short from = static_cast<short>(b.step_count - 1), to = static_cast<short>(b.step_count + releases - 1);
    b.step_count = static_cast<short>(to + 1);
    for (short s = static_cast<short>(b.segment_count - 1); s >= 0; --s) {
        short const begin = b.segments[s].begin;
        b.segments[s].end = static_cast<short>(to + 1);
        for (; from >= begin; --from) {
            for (short r = 0; ends[from] && r < releases; ++r) {
                if (last[r] != from) continue;
                step mark;
                mark.kind = step_kind::release;
                mark.args = 1;
                mark.arg[0].buffer = made[r];
                b.steps[to--] = mark;
            }
            b.steps[to--] = b.steps[from];
        }
        b.segments[s].begin = static_cast<short>(to + 1);
    }
}

namespace detail {

/// What must come next of a collective in a segment. One that runs a trip ahead (schedule/overlap.hpp) is: the start of
/// the first trip, the wait of each, the finish of the trip before, the start of the next, the finish of the last.
struct collective_phases {
    enum phase : unsigned char { none, started, waited, first_started, ahead_waited, one_finished, next_started };
    phase at = none;
    short operands = 0;  // of its start: source, target, and room where it has one
    argument operand[3]{};

    /// Takes note of a step. @returns whether it is the one that must come
    constexpr bool next(step const& t, segment const& g) {
        bool const starts = t.kind == step_kind::collective_start || t.kind == step_kind::materialize;
        bool const waits = t.kind == step_kind::collective_wait, finishes = t.kind == step_kind::collective_finish;
        bool const always = t.from == 0 && t.to >= g.trips && t.ahead == 0;
        int const trip = g.reverse ? -1 : 1;
        if (at == none) {
            operands = t.args < 3 ? t.args : short{3};
            for (short k = 0; k < operands; ++k) operand[k] = t.arg[k];
            at = always ? started : first_started;
            return starts && t.ahead == 0 && t.from == 0 && (always || (g.trips > 1 && t.to == 1));
        }
        int later = 0;
        bool right = false;
        if (at == started || at == first_started) {
            right = waits && always;
            at = at == started ? waited : ahead_waited;
        } else if (at == waited) {
            right = finishes && always;
            at = none;
        } else if (at == ahead_waited) {
            right = finishes && t.ahead == 1 && t.from == 1 && t.to == g.trips;
            later = -trip;
            at = one_finished;
        } else if (at == one_finished) {
            right = starts && t.ahead == 1 && t.from == 0 && t.to == g.trips - 1;
            later = trip;
            at = next_started;
        } else {
            right = finishes && t.ahead == 0 && t.from == g.trips - 1 && t.to >= g.trips;
            at = none;
        }
        right = right && t.args == operands;
        for (short k = 0; k < operands; ++k)
            right = right && t.arg[k].buffer == operand[k].buffer && t.arg[k].shift == operand[k].shift + later;
        return right;
    }
};

}  // namespace detail

/// Every collective has its start, wait and finish in this order in one segment and on the same operands [ST-S606], and
/// nothing is used after its release.
constexpr void check_steps(schedule_builder& b) {
    detail::collective_phases at[schedule_builder::max_steps]{};
    bool released[schedule_builder::max_buffers]{};
    for (short s = 0; s < b.segment_count; ++s) {
        segment const& g = b.segments[s];
        for (short i = g.begin; i < g.end; ++i) {
            step const& t = b.steps[i];
            if (t.kind == step_kind::release) {
                released[t.arg[0].buffer] = true;
                continue;
            }
            for (short k = 0; k < t.args; ++k)
                if (t.uses(k) && released[t.arg[k].buffer]) b.fail(code::use_after_release);
            if (t.slot >= 0 && !at[t.slot].next(t, g)) b.fail(code::collective_pairing);
        }
        for (short k = 0; k < b.at.slots; ++k)
            if (at[k].at != detail::collective_phases::none) b.fail(code::collective_pairing);
    }
}

}  // namespace shardtype
