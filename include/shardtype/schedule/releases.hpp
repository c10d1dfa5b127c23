#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// Marks where a gathered parameter is dead: a release step after its last use.
constexpr void add_releases(schedule_builder& b) {
    short made[schedule_builder::max_buffers]{}, last[schedule_builder::max_buffers]{};
    short releases = 0;
    for (short i = 0; i < b.step_count; ++i) {
        if (b.steps[i].kind != step_kind::materialize) continue;
        short const buffer = b.steps[i].arg[1].buffer;
        made[releases] = buffer;
        for (short j = i; j < b.step_count; ++j)
            for (short k = 0; k < b.steps[j].args; ++k)
                if (b.steps[j].arg[k].buffer == buffer) last[releases] = j;
        ++releases;
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
            for (short r = 0; r < releases; ++r) {
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

/// Every start has its wait in the same segment, and nothing is used after its release.
constexpr void check_steps(schedule_builder& b) {
    bool open[schedule_builder::max_steps]{};
    bool released[schedule_builder::max_buffers]{};
    for (short s = 0; s < b.segment_count; ++s) {
        for (short i = b.segments[s].begin; i < b.segments[s].end; ++i) {
            step const& t = b.steps[i];
            if (t.kind == step_kind::release) {
                released[t.arg[0].buffer] = true;
                continue;
            }
            for (short k = 0; k < t.args; ++k)
                if (released[t.arg[k].buffer]) b.fail(code::use_after_release);
            if (t.kind == step_kind::collective_start || t.kind == step_kind::materialize) {
                if (open[t.slot]) b.fail(code::collective_pairing);
                open[t.slot] = true;
            } else if (t.kind == step_kind::collective_wait) {
                if (!open[t.slot]) b.fail(code::collective_pairing);
                open[t.slot] = false;
            }
        }
        for (bool o : open)
            if (o) b.fail(code::collective_pairing);
    }
}

}  // namespace shardtype
