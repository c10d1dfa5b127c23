#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// Where the buffers of a schedule lie in one rank's arena.
struct arena_layout {
    long bytes = 0;                                ///< of the arena; 0: not laid out yet
    long live_bytes = 0;                           ///< the largest sum of live buffers: no layout can be smaller
    long fixed_bytes = 0;                          ///< of what lives throughout, at its begin
    long offset[schedule_builder::max_buffers]{};  ///< of each buffer
    /// The last try, of which `offset` is the best: where it put the buffers, and in which order.
    /// @{
    long tried[schedule_builder::max_buffers]{};
    short order[schedule_builder::max_buffers]{};
    int count = 0;
    /// @}
    long whole_bytes = 0;  ///< as live_bytes, were all of a buffer live as long as the buffer
    int whole_tries = 0;  ///< that took buffers so; the later ones let tails end early: that saves bytes, or makes gaps

    /// Within 0.4 % of what nothing can be smaller than.
    constexpr bool tight() const { return bytes != 0 && bytes - live_bytes <= live_bytes / 256; }
};

namespace detail {

/// State regions first, then what lives throughout: fixed places.
constexpr bool placed_first(buffer const& q) {
    return q.is == buffer_class::region || q.is == buffer_class::constant || q.is == buffer_class::input ||
           q.is == buffer_class::report;
}
constexpr long size_of(buffer const& q) { return q.stride * q.period; }
/// Of these, what lives as long as the buffer.
constexpr long body_of(buffer const& q) { return size_of(q) - (q.tail >= 0 ? q.stride : 0); }

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

inline constexpr int tries_of_whole = 4;

/// Bytes that are taken over some steps.
struct taken_bytes {
    long begin = 0, end = 0;
    int first = 0, last = 0;
};

}  // namespace detail

/// What lives throughout gets its place, the largest live set is counted, and the others get an order: from the step
/// where most lives outwards in time, those that begin later first.
constexpr arena_layout begin_layout(schedule_builder const& b) {
    arena_layout out;
    long step_bytes[schedule_builder::max_steps + 1]{}, tails[schedule_builder::max_steps + 1]{};
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
        if (q.tail >= 0) tails[q.tail + 1] += q.stride, tails[q.last + 1] -= q.stride;
        out.order[out.count++] = k;
    }
    int fullest = 0;
    long live = out.live_bytes = out.whole_bytes = out.fixed_bytes, ended = 0;
    for (short i = 0; i < b.step_count; ++i) {
        live += step_bytes[i], ended += tails[i];
        if (live > out.whole_bytes) out.whole_bytes = live, fullest = i;
        if (live - ended > out.live_bytes) out.live_bytes = live - ended;
    }
    long key[schedule_builder::max_buffers]{};
    for (int i = 0; i < out.count; ++i) {
        buffer const& q = b.buffers[out.order[i]];
        long const away = q.first > fullest ? q.first - fullest : q.last < fullest ? fullest - q.last : 0;
        key[out.order[i]] = q.first - away * schedule_builder::max_steps;
    }
    detail::sort_by_key(out.order, key, out.count);
    return out;
}

/// One more try: every buffer into the lowest gap that is free over its lifetime. What the try before had put where no
/// layout has to reach comes first, then the others as before. @returns the better of this and `so_far`
constexpr arena_layout better_layout(schedule_builder const& b, arena_layout const& so_far) {
    if (so_far.tight()) return so_far;
    arena_layout out = so_far;
    bool const tails = so_far.whole_tries >= detail::tries_of_whole;
    long const least = tails ? so_far.live_bytes : so_far.whole_bytes;
    int n = 0;
    for (int above = 1; above >= 0; --above)
        for (int i = 0; i < so_far.count; ++i) {
            short const k = so_far.order[i];
            if ((above == 1) == (so_far.tried[k] + detail::size_of(b.buffers[k]) > least)) out.order[n++] = k;
        }
    detail::taken_bytes taken[2 * schedule_builder::max_buffers]{};  // by begin
    int count = 0;
    auto const take = [&](detail::taken_bytes const& more) {
        int j = count++;
        for (; j > 0 && taken[j - 1].begin > more.begin; --j) taken[j] = taken[j - 1];
        taken[j] = more;
    };
    long bytes = out.fixed_bytes;
    for (int i = 0; i < n; ++i) {
        buffer const& q = b.buffers[out.order[i]];
        bool const ends = tails && q.tail >= 0;
        long const size = detail::size_of(q), body = ends ? detail::body_of(q) : size;
        int const first = q.first, last = q.last, tail = ends ? q.tail : q.last;
        long at = out.fixed_bytes;
        for (int j = 0; j < count; ++j) {
            detail::taken_bytes const& z = taken[j];
            if (z.last < first || last < z.first || z.end <= at) continue;
            if (z.begin - at >= size) break;
            if (tail < z.first && z.begin - at >= body) continue;
            at = z.end;
            if (ends) j = -1;  // what was above the body may be beside it now
        }
        out.tried[out.order[i]] = at;
        if (at + size > bytes) bytes = at + size;
        take({at, at + body, first, last});
        if (body < size) take({at + body, at + size, first, tail});
    }
    bool const enough = bytes - out.whole_bytes <= out.whole_bytes / 256;
    out.whole_tries += enough ? detail::tries_of_whole : 1;
    if (out.bytes == 0 || bytes < out.bytes) {
        out.bytes = bytes;
        for (int i = 0; i < n; ++i) out.offset[out.order[i]] = out.tried[out.order[i]];
    }
    return out;
}

/// Where every buffer lies: up to eight tries.
constexpr arena_layout lay_out_arena(schedule_builder const& b) {
    arena_layout out = begin_layout(b);
    for (int i = 0; i < 8; ++i) out = better_layout(b, out);
    return out;
}

/// Takes the places over into the schedule.
constexpr void place_buffers(schedule_builder& b, arena_layout const& in) {
    for (short k = 0; k < b.buffer_count; ++k) b.buffers[k].offset = in.offset[k];
    b.at.arena_bytes = in.bytes;
    b.at.live_bytes = in.live_bytes;
}

}  // namespace shardtype
