#pragma once

namespace shardtype {

/// A string literal as a template argument: `named<"attention", ...>`.
template <int N>
struct fixed_string {
    char data[N]{};  ///< with the closing 0
    /// Implicit, so that a literal can stand in the argument list.
    constexpr fixed_string(char const (&text)[N]) {
        for (int i = 0; i < N; ++i) data[i] = text[i];
    }
};

/// A name as a number (FNV-1a), the same in every compiler pass.
constexpr unsigned name_id(char const* text) {
    unsigned h = 2166136261U;
    for (; *text != 0; ++text) h = (h ^ static_cast<unsigned char>(*text)) * 16777619U;
    return h;
}

/// The number of an operation's or a kernel's name, made once per type.
template <class Named>
inline constexpr unsigned id_of = name_id(Named::name);

/// Text of at most 63 characters that a constexpr value can own (a dotted parameter name).
struct label {
    char data[64]{};   ///< 0 behind the last character
    int size = 0;      ///< characters
    bool cut = false;  ///< something did not fit

    /// Adds a part behind a dot: "layers" and "norm" give `layers.norm`.
    constexpr void append(char const* text) {
        if (size != 0 && size < 63) data[size++] = '.';
        for (; *text != 0 && size < 63; ++text) data[size++] = *text;
        cut = cut || *text != 0;
    }
    /// Cuts it back to an earlier `size`.
    constexpr void truncate(int to) {
        for (; size > to; --size) data[size - 1] = 0;
    }
};

namespace detail {
constexpr bool same_name(label const& a, label const& b) {
    bool equal = a.size == b.size;
    for (int i = 0; equal && i < a.size; ++i) equal = a.data[i] == b.data[i];
    return equal;
}
}  // namespace detail

}  // namespace shardtype
