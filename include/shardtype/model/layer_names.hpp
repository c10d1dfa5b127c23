#pragma once

#include <shardtype/base/fixed_string.hpp>

namespace shardtype {

/// Trips [first, end) of a repeat.
struct trip_range {
    int first = 0;  ///< the first
    int end = 0;    ///< behind the last
};

namespace detail {

/// One part of a dotted name.
struct name_part {
    char const* begin = nullptr;
    int size = 0;
    constexpr bool is(name_part const& b) const {
        bool equal = size == b.size;
        for (int i = 0; equal && i < size; ++i) equal = begin[i] == b.begin[i];
        return equal;
    }
    constexpr bool is_star() const { return size == 1 && *begin == '*'; }
    /// `2` is [2, 3), `0-2` is [0, 3), anything else is empty.
    constexpr trip_range trips() const {
        int number[2]{}, digits[2]{}, at = 0;
        for (int i = 0; i < size; ++i) {
            char const c = begin[i];
            if (c == '-' && at == 0) {
                ++at;
            } else if (c >= '0' && c <= '9' && digits[at] < 6) {
                number[at] = 10 * number[at] + (c - '0');
                ++digits[at];
            } else {
                return {};
            }
        }
        if (digits[0] == 0 || (at == 1 && digits[1] == 0)) return {};
        return {number[0], (at == 1 ? number[1] : number[0]) + 1};
    }
};

/// The parts of a name, one after the other; an empty one behind the last.
struct name_parts {
    char const* rest;
    constexpr name_part next() {
        name_part p{rest, 0};
        for (; *rest != 0 && *rest != '.'; ++rest) ++p.size;
        if (*rest == '.') ++rest;
        return p;
    }
};

/// Whether a pattern is the name of a layer: part for part, where `*`, the part of a repeat, is matched by `*` and by a
/// range of trips that has all of `open`.
constexpr bool names_layer(label const& pattern, label const& layer, trip_range open) {
    name_parts p{pattern.data}, q{layer.data};
    for (;;) {
        name_part const a = p.next(), b = q.next();
        if (a.size == 0 || b.size == 0) return a.size == b.size;
        trip_range const t = b.is_star() ? a.trips() : trip_range{};
        if (!a.is(b) && !(t.first <= open.first && open.end <= t.end && t.first < t.end)) return false;
    }
}

/// The trips that a pattern names of the repeat called `repeat`; empty if it names none by number.
constexpr trip_range trips_named(label const& pattern, label const& repeat) {
    name_parts p{pattern.data}, q{repeat.data};
    for (;;) {
        name_part const b = q.next(), a = p.next();
        if (b.size == 0) return a.trips();
        if (!a.is(b)) return {};
    }
}

}  // namespace detail

}  // namespace shardtype
