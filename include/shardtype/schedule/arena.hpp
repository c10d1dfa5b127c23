#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// Where the buffers of a schedule lie in one rank's arena.
struct arena_layout {
    long bytes = 0;                                ///< of the arena; 0: not laid out yet
    long live_bytes = 0;                           ///< the largest sum of live buffers: no layout can be smaller
    long fixed_bytes = 0;                          ///< of what lives throughout, at its begin
    int fullest = 0;                               ///< the step where most bytes live
    long offset[schedule_builder::max_buffers]{};  ///< of each buffer

    /// Nothing can be smaller.
    constexpr bool tight() const { return bytes == live_bytes; }
};

namespace detail {

/// State regions first, then what lives throughout: fixed places.
constexpr bool placed_first(buffer const& q) {
    return q.is == buffer_class::region || q.is == buffer_class::constant || q.is == buffer_class::input ||
           q.is == buffer_class::report;
}
constexpr long size_of(buffer const& q) { return q.stride * q.period; }

constexpr long order_key(buffer const& q, int how, int fullest) {
    long const size = size_of(q), length = q.last - q.first + 1;
    switch (how) {
        case 0:
            return size;
        case 1:
            return size * length;
        case 2:
            return length * (1L << 40) + size;
        case 3:
            return -q.first;
        default:  // those that make the largest live set, one upon the other
            return (q.first <= fullest && fullest <= q.last ? 1L << 60 : 0) +
                   (how == 4   ? size
                    : how == 5 ? size / 64 * length
                               : (1L << 55) - q.last * (1L << 40) + size);
    }
}

/// Sorts n buffers by their keys, largest first, equal ones as they were.
constexpr void sort_by_key(short* order, long const* key, int n) {
    short merged[schedule_builder::max_buffers]{};
    for (int width = 1; width < n; width *= 2) {
        for (int begin = 0; begin < n; begin += 2 * width) {
            int const middle = begin + width < n ? begin + width : n, end = middle + width < n ? middle + width : n;
            for (int i = begin, j = middle, to = begin; to < end; ++to)
                merged[to] = i < middle && (j >= end || key[order[i]] >= key[order[j]]) ? order[i++] : order[j++];
        }
        for (int i = 0; i < n; ++i) order[i] = merged[i];
    }
}

/// Bytes that are taken over some steps.
struct taken_bytes {
    long begin = 0, end = 0;
    int first = 0, last = 0;
};

}  // namespace detail

/// What lives throughout gets its place, and the largest live set is counted.
constexpr arena_layout fixed_layout(schedule_builder const& b) {
    arena_layout out;
    long step_bytes[schedule_builder::max_steps + 1]{};
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer const& q = b.buffers[k];
        if (detail::placed_first(q)) out.offset[k] = out.fixed_bytes, out.fixed_bytes += detail::size_of(q);
    }
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer const& q = b.buffers[k];
        if (q.is == buffer_class::parameter || q.is == buffer_class::gradient)
            out.offset[k] = q.offset + out.offset[q.is == buffer_class::parameter ? b.at.weights : b.at.gradients];
        if (q.is != buffer_class::local || q.first < 0) continue;
        step_bytes[q.first] += detail::size_of(q);
        step_bytes[q.last + 1] -= detail::size_of(q);
    }
    long live = out.live_bytes = out.fixed_bytes;
    for (short i = 0; i < b.step_count; ++i) {
        live += step_bytes[i];
        if (live > out.live_bytes) out.live_bytes = live, out.fullest = i;
    }
    return out;
}

/// Puts the local buffers into the lowest gap that is free over their lifetime, in one of seven orders (by size, by size x
/// lifetime, by lifetime, by first use, those of the largest live set first by size and by size x lifetime). @return the smaller of this and `so_far`
constexpr arena_layout smaller_layout(schedule_builder const& b, arena_layout const& so_far, int how) {
    if (so_far.bytes != 0 && so_far.tight()) return so_far;
    short order[schedule_builder::max_buffers]{};
    long key[schedule_builder::max_buffers]{};
    int n = 0;
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer const& q = b.buffers[k];
        if (q.is != buffer_class::local || q.first < 0) continue;
        key[k] = detail::order_key(q, how, so_far.fullest);
        order[n++] = k;
    }
    detail::sort_by_key(order, key, n);
    arena_layout out = so_far;
    out.bytes = out.fixed_bytes;
    detail::taken_bytes taken[schedule_builder::max_buffers]{};  // by begin
    for (int i = 0; i < n; ++i) {
        buffer const& q = b.buffers[order[i]];
        long const size = detail::size_of(q);
        int const first = q.first, last = q.last;
        long at = out.fixed_bytes;
        for (int j = 0; j < i; ++j) {
            detail::taken_bytes const& z = taken[j];
            if (z.last < first || last < z.first || z.end <= at) continue;
            if (z.begin - at >= size) break;
            at = z.end;
        }
        out.offset[order[i]] = at;
        if (at + size > out.bytes) out.bytes = at + size;
        int j = i;
        for (; j > 0 && taken[j - 1].begin > at; --j) taken[j] = taken[j - 1];
        taken[j] = {at, at + size, first, last};
    }
    return so_far.bytes != 0 && so_far.bytes <= out.bytes ? so_far : out;
}

/// Where every buffer lies: up to seven orders, stopping at the largest live set, which no layout can beat.
constexpr arena_layout lay_out_arena(schedule_builder const& b) {
    arena_layout out = fixed_layout(b);
    for (int how = 0; how < 7; ++how) out = smaller_layout(b, out, how);
    return out;
}

/// Takes the places over into the schedule.
constexpr void place_buffers(schedule_builder& b, arena_layout const& in) {
    for (short k = 0; k < b.buffer_count; ++k) b.buffers[k].offset = in.offset[k];
    b.at.arena_bytes = in.bytes;
    b.at.live_bytes = in.live_bytes;
}

}  // namespace shardtype
