#pragma once

#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

namespace detail {

/// State regions first, then what lives throughout: fixed places.
constexpr bool placed_first(buffer const& q) {
    return q.is == buffer_class::region || q.is == buffer_class::constant || q.is == buffer_class::input ||
           q.is == buffer_class::report;
}
constexpr long size_of(buffer const& q) { return q.stride * q.period; }

constexpr long order_key(buffer const& q, int how) {
    long const size = size_of(q), length = q.last - q.first + 1;
    switch (how) {
        case 0:
            return size;
        case 1:
            return size * length;
        case 2:
            return length * (1L << 40) + size;
        default:
            return -q.first;
    }
}

/// Puts the buffers, in this order, into the lowest gap that is free over their lifetime. @return the end of the arena.
constexpr long place_in_order(schedule_builder& b, short const* order, int n, long from) {
    short by_offset[schedule_builder::max_buffers]{};
    int placed = 0;
    long top = from;
    for (int i = 0; i < n; ++i) {
        buffer& q = b.buffers[order[i]];
        long const size = size_of(q);
        long at = from;
        for (int j = 0; j < placed; ++j) {
            buffer const& z = b.buffers[by_offset[j]];
            if (z.last < q.first || q.last < z.first) continue;
            if (z.offset - at >= size) break;
            long const end = z.offset + size_of(z);
            if (end > at) at = end;
        }
        q.offset = at;
        if (at + size > top) top = at + size;
        int j = placed++;
        for (; j > 0 && b.buffers[by_offset[j - 1]].offset > at; --j) by_offset[j] = by_offset[j - 1];
        by_offset[j] = order[i];
    }
    return top;
}

}  // namespace detail

/// Lays out one rank's arena: up to four orders of lowest-gap placement, stopping at the largest live set, which no
/// layout can beat.
constexpr void lay_out_arena(schedule_builder& b) {
    long from = 0;
    long step_bytes[schedule_builder::max_steps + 1]{};
    short order[schedule_builder::max_buffers]{}, best[schedule_builder::max_buffers]{};
    int n = 0;
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer& q = b.buffers[k];
        if (detail::placed_first(q)) q.offset = from, from += detail::size_of(q);
    }
    for (short k = 0; k < b.buffer_count; ++k) {
        buffer& q = b.buffers[k];
        if (q.is == buffer_class::parameter || q.is == buffer_class::gradient)
            q.offset += b.buffers[q.is == buffer_class::parameter ? b.at.weights : b.at.gradients].offset;
        if (q.is != buffer_class::local || q.first < 0) continue;
        step_bytes[q.first] += detail::size_of(q);
        step_bytes[q.last + 1] -= detail::size_of(q);
        order[n++] = k;
    }
    long live = from;
    b.at.live_bytes = from;
    for (short i = 0; i < b.step_count; ++i) {
        live += step_bytes[i];
        if (live > b.at.live_bytes) b.at.live_bytes = live;
    }
    long key[schedule_builder::max_buffers]{};
    for (int how = 0; how < 4 && b.at.arena_bytes != b.at.live_bytes; ++how) {
        for (int i = 0; i < n; ++i) key[order[i]] = detail::order_key(b.buffers[order[i]], how);
        for (int i = 1; i < n; ++i) {  // insertion sort, largest key first
            short const k = order[i];
            int j = i;
            for (; j > 0 && key[order[j - 1]] < key[k]; --j) order[j] = order[j - 1];
            order[j] = k;
        }
        long const top = detail::place_in_order(b, order, n, from);
        if (b.at.arena_bytes == 0 || top < b.at.arena_bytes) {
            b.at.arena_bytes = top;
            for (int i = 0; i < n; ++i) best[i] = order[i];
        }
    }
    detail::place_in_order(b, best, n, from);
}

}  // namespace shardtype
