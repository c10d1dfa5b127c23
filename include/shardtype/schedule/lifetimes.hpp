#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// First and last use of every buffer, and how many slots it needs. "Saved for backward" is no concept of its own: what
/// two loops touch has a slot per trip.
constexpr void find_lifetimes(schedule_builder& b) {
    struct use {
        short first_segment = -1, last_segment = -1, loops = 0, low = 0, high = 0;
        bool read_first = false, early_slot_later = false;
        bool summed = false;  // over micro-batches: alive from the second one's first step
        bool kept = false;    // made before the micro-batches: alive until the last one's last step
        int max_index = 0;
        short tail = -1;  // last use of that slot
    };
    use uses[schedule_builder::max_buffers]{};
    short end_of_backward = 0;
    for (short s = 0; s < b.segment_count; ++s) {
        segment const& g = b.segments[s];
        if (g.when == segment_kind::set_up) continue;
        bool const loop = g.trips > 1;
        if (g.when == segment_kind::backward) end_of_backward = static_cast<short>(g.end - 1);
        for (short i = g.begin; i < g.end; ++i) {
            step const& t = b.steps[i];
            if (t.kind == step_kind::release) continue;
            if (t.scratch >= 0) b.buffers[t.scratch].first = b.buffers[t.scratch].last = i;
            for (short k = 0; k < t.args; ++k) {
                if (!t.uses(k)) continue;
                buffer& q = b.buffers[t.arg[k].buffer];
                if (q.is != buffer_class::local) continue;
                use& u = uses[t.arg[k].buffer];
                short const shift = t.arg[k].shift;
                if (q.first < 0) q.first = i, u.first_segment = s, u.read_first = ((t.reads >> k) & 1U) != 0;
                q.last = i;
                if (t.arg[k].mode == accumulate::add_after_first) u.summed = true;
                if (g.when == segment_kind::begin_step && b.micro_batches) u.kept = true;
                if (loop) {
                    if (u.loops == 0) u.low = u.high = shift;
                    if (u.last_segment != s) ++u.loops;
                    if (shift < u.low) u.low = shift;
                    if (shift > u.high) u.high = shift;
                } else if (u.high > u.low && shift < u.max_index) {
                    u.early_slot_later = true;  // a ring's first value, used again after its loop
                }
                u.last_segment = s;
                if (g.trips - 1 + shift < u.max_index) continue;
                u.max_index = g.trips - 1 + shift;
                u.tail = static_cast<short>(loop ? g.end - 1 : i);
            }
        }
    }
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer& q = b.buffers[k];
        use const& u = uses[k];
        if (q.is == buffer_class::parameter || q.is == buffer_class::gradient) continue;
        q.stride = align_up(q.bytes);
        if (q.is != buffer_class::local) {
            q.first = 0, q.last = static_cast<short>(b.step_count - 1);
            continue;
        }
        if (q.first < 0 || u.first_segment < 0) continue;
        bool const one_window = u.loops == 1 && !u.early_slot_later;
        q.period = one_window ? u.high - u.low + 1 : u.max_index + 1;
        segment const &from = b.segments[u.first_segment], &to = b.segments[u.last_segment];
        if (u.first_segment != u.last_segment || q.period > 1 || u.read_first) {
            if (from.trips > 1) q.first = from.begin;
            if (to.trips > 1) q.last = static_cast<short>(to.end - 1);
        }
        // A repeat's result that the next repeat copies, or that is laid out otherwise, is not what backward reads.
        if (q.carried && !one_window && q.period > 1 && u.tail < q.last) q.tail = u.tail;
        if (u.summed) q.first = 0;
        bool const used_in_batches = u.kept && b.segments[u.last_segment].when != segment_kind::begin_step;
        if (used_in_batches && q.last < end_of_backward) q.last = end_of_backward;
    }
}

}  // namespace shardtype
