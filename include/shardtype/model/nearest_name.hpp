#pragma once

#include <shardtype/model/layer_names.hpp>

// What a name that nothing has was probably meant to be; computed for an error only.
namespace shardtype::detail {

/// Letters to insert, leave out or change to make one of the other.
constexpr int letters_between(label const& a, label const& b) {
    int row[64]{};
    for (int j = 0; j <= b.size; ++j) row[j] = j;
    for (int i = 1; i <= a.size; ++i) {
        int corner = row[0];
        row[0] = i;
        for (int j = 1; j <= b.size; ++j) {
            int best = corner + (a.data[i - 1] == b.data[j - 1] ? 0 : 1);
            corner = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.size];
}
constexpr bool ends_with(label const& name, label const& end) {
    int const from = name.size - end.size;
    bool equal = from > 0 && name.data[from - 1] == '.';
    for (int i = 0; equal && i < end.size; ++i) equal = name.data[from + i] == end.data[i];
    return equal;
}
constexpr void append(label& name, name_part const& p) {
    char text[64]{};
    for (int i = 0; i < p.size && i < 63; ++i) text[i] = p.begin[i];
    name.append(text);
}
/// `2`, or `0-2`.
constexpr void append(label& name, trip_range of) {
    char text[32]{};
    int size = 0;
    auto const write = [&](int number) {
        int place = 1;
        while (number / place > 9) place *= 10;
        for (; place > 0; place /= 10) text[size++] = static_cast<char>('0' + number / place % 10);
    };
    write(of.first);
    if (of.end > of.first + 1) {
        text[size++] = '-';
        write(of.end - 1);
    }
    name.append(text);
}
/// What there is of some trips, where a repeat has `count`: those that it has, else the last one, or all for a range.
constexpr trip_range existing(trip_range of, int count) {
    if (of.first >= count) of.first = of.end == of.first + 1 ? count - 1 : 0;
    if (of.end > count) of.end = count;
    return of;
}
/// A name with `*` in the place of trips that are given by number.
constexpr label of_any_trip(label const& name) {
    label any;
    name_parts parts{name.data};
    for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
        if (p.trips().first < p.trips().end)
            any.append("*");
        else
            append(any, p);
    }
    return any;
}
/// The contrary: the trips that `numbers` has, in the order of its parts, for the `*` of a name; of a repeat of `count`.
constexpr label of_trips(label const& name, label const& numbers, int count) {
    label of;
    name_parts parts{name.data}, given{numbers.data};
    for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
        trip_range trips{};
        if (p.is_star())
            for (name_part n = given.next(); n.size != 0 && trips.first >= trips.end; n = given.next())
                trips = n.trips();
        if (trips.first < trips.end && count > 0)
            append(of, existing(trips, count));
        else
            append(of, p);
    }
    return of;
}

/// How much of a name another one has. Most counts that both have as many parts and their trips in the same places, then
/// that the first ends in the other, then equal parts, then the letters that parts begin with, best in short ones.
constexpr int in_common(label const& wanted, label const& name) {
    constexpr int letter = 64, part = 64 * letter, end = 64 * part, form = 2 * end;
    name_parts p{wanted.data}, q{name.data};
    int common = ends_with(wanted, name) ? end : 0;
    bool formed_alike = true;
    for (;;) {
        name_part const a = p.next(), b = q.next();
        if (a.size == 0 || b.size == 0) return common + (formed_alike && a.size == b.size ? form : 0);
        formed_alike = formed_alike && a.is_star() == b.is_star();
        int alike = 0;
        while (alike < a.size && alike < b.size && a.begin[alike] == b.begin[alike]) ++alike;
        common += a.is(b) ? part : alike > 0 ? alike * letter - b.size : 0;
    }
}

/// The nearest of the names that it is shown: at most a third of the letters differ, or it ends as wanted.
struct nearest_name {
    label wanted;   ///< which none of them is
    label found{};  ///< empty if there is none
    int least;      ///< letters, that it must be nearer than
    constexpr explicit nearest_name(label const& name) : wanted(name), least(name.size / 3 + 1) {}
    constexpr void consider(label const& name) {
        int const longer = name.size > wanted.size ? name.size - wanted.size : wanted.size - name.size;
        int const apart = ends_with(name, wanted) ? 1 : longer < least ? letters_between(name, wanted) : least;
        if (apart < least) least = apart, found = name;
    }
};

}  // namespace shardtype::detail
