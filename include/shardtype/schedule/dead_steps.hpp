#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// Takes out steps whose results nobody reads: of a forward that is made again, backward does not need all.
constexpr void drop_dead_steps(schedule_builder& b) {
    for (bool changed = true; changed;) {
        bool read[schedule_builder::max_buffers]{};
        for (short i = 0; i < b.step_count; ++i)
            for (short k = 0; k < b.steps[i].args; ++k)
                if (((b.steps[i].reads >> k) & 1U) != 0) read[b.steps[i].arg[k].buffer] = true;
        short to = 0;
        for (short s = 0; s < b.segment_count; ++s) {
            short const begin = to;
            for (short i = b.segments[s].begin; i < b.segments[s].end; ++i) {
                bool needed = false;
                for (short k = 0; k < b.steps[i].args; ++k) {
                    short const buffer = b.steps[i].arg[k].buffer;
                    if (((b.steps[i].writes >> k) & 1U) == 0) continue;
                    needed = needed || read[buffer] || b.buffers[buffer].is != buffer_class::local;
                }
                if (needed) {
                    if (to != i) b.steps[to] = b.steps[i];
                    ++to;
                }
            }
            b.segments[s].begin = begin;
            b.segments[s].end = to;
        }
        changed = to != b.step_count;
        b.step_count = to;
    }
}

}  // namespace shardtype
