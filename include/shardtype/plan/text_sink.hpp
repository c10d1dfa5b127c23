#pragma once

#include <shardtype/base/fixed_string.hpp>

namespace shardtype {

/// Where constexpr code writes a text to: memory of the caller, or none to count its letters.
struct text_sink {
    char* to = nullptr;  ///< memory, or none
    long room = 0;       ///< letters that it holds
    long size = 0;       ///< letters that were written, those without room included

    /// One letter.
    constexpr void put(char c) {
        if (size < room) to[size] = c;
        ++size;
    }
    /// A text.
    constexpr void put(char const* text) {
        for (; *text != 0; ++text) put(*text);
    }
    /// A name.
    constexpr void put(label const& name) {
        for (int i = 0; i < name.size; ++i) put(name.data[i]);
    }
    /// So many blanks.
    constexpr void blanks(long count) {
        for (; count > 0; --count) put(' ');
    }
};

/// What a number is counted in: 1.5 ms is 1,500,000 of `ms`.
struct unit_of_measure {
    long one = 1;           ///< of nanoseconds or bytes
    char const* name = "";  ///< as it is printed
};
/// A unit for nanoseconds up to `most`.
constexpr unit_of_measure time_unit(long most) {
    if (most >= 10'000'000'000) return {1'000'000'000, "s"};
    if (most >= 1'000'000) return {1'000'000, "ms"};
    return {1'000, "us"};
}
/// A unit for bytes up to `most`.
constexpr unit_of_measure memory_unit(long most) {
    if (most >= 1L << 30) return {1L << 30, "GiB"};
    if (most >= 1L << 20) return {1L << 20, "MiB"};
    return {1L << 10, "KiB"};
}

namespace detail {

/// A whole number, its thousands in groups: `12,345`.
constexpr void put_number(text_sink& out, long value, bool grouped = true) {
    char digits[32]{};
    int count = 0;
    if (value < 0) out.put('-');
    do {
        long const digit = value % 10;
        digits[count++] = static_cast<char>('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        out.put(digits[--count]);
        if (grouped && count > 0 && count % 3 == 0) out.put(',');
    }
}
/// value / one with so many decimals, halves away from 0. @pre one is at most 2^50, decimals at most 3
constexpr void put_fixed(text_sink& out, long value, long one, int decimals) {
    long scale = 1;
    for (int d = 0; d < decimals; ++d) scale *= 10;
    if (value < 0) out.put('-'), value = -value;
    long whole = value / one, part = (value % one * scale + one / 2) / one;
    if (part == scale) ++whole, part = 0;
    put_number(out, whole);
    if (decimals == 0) return;
    out.put('.');
    for (long place = scale / 10; place > 0; place /= 10) out.put(static_cast<char>('0' + part / place % 10));
}
/// `12.345 ms`.
constexpr void put_measure(text_sink& out, long value, unit_of_measure in, int decimals = 3) {
    put_fixed(out, value, in.one, decimals);
    out.put(' ');
    out.put(in.name);
}
/// part of whole in percent with one decimal: `56.2 %`. A whole below 1 counts as 1.
constexpr void put_percent(text_sink& out, long part, long whole) {
    if (whole < 1) whole = 1;
    while (part > 1L << 50 || part < -(1L << 50))
        part /= 2, whole = whole > 1 ? whole / 2 : 1;  // the product below is a number
    put_fixed(out, (part * 1000 + whole / 2) / whole, 10, 1);
    out.put(" %");
}

/// Lines in aligned columns. Cells: `columns`, `rows`, `put(out, row, column)`, `left(column)` for texts, which are aligned
/// to the left; columns in which nothing is written are left out.
template <class Cells>
constexpr void put_table(text_sink& out, Cells const& cells) {
    long width[Cells::columns]{};
    for (int r = 0; r < cells.rows; ++r)
        for (int c = 0; c < Cells::columns; ++c) {
            text_sink counted;
            cells.put(counted, r, c);
            if (counted.size > width[c]) width[c] = counted.size;
        }
    for (int r = 0; r < cells.rows; ++r) {
        long gap = 0;  // blanks are written in front of a letter only, so that no line ends in one
        for (int c = 0; c < Cells::columns; ++c) {
            if (width[c] == 0) continue;
            text_sink counted;
            cells.put(counted, r, c);
            long const rest = width[c] - counted.size;
            if (!Cells::left(c)) gap += rest;
            if (counted.size > 0) {
                out.blanks(gap);
                gap = 0;
                cells.put(out, r, c);
            }
            gap += (Cells::left(c) ? rest : 0) + 2;
        }
        out.put('\n');
    }
}

}  // namespace detail
}  // namespace shardtype
