#pragma once

#include <shardtype/base/fixed_string.hpp>

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
