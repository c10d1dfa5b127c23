#pragma once

namespace shardtype::detail {

/// Adds `one` to a list of which no entry beats another, unless an entry beats it. False: there is no room for it.
template <class T, int Room, class Beats>
constexpr bool add_undominated(T (&list)[Room], int& count, T const& one, Beats beats) {
    for (int k = 0; k < count; ++k)
        if (beats(list[k], one)) return true;
    int kept = 0;
    for (int k = 0; k < count; ++k) {
        if (beats(one, list[k])) continue;
        if (kept != k) list[kept] = list[k];
        ++kept;
    }
    count = kept;
    if (count == Room) return false;
    list[count++] = one;
    return true;
}

}  // namespace shardtype::detail
