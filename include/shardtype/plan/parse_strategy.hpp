#pragma once

#include <shardtype/plan/plan_words.hpp>

namespace shardtype {

/// What is wrong with a strategy's text.
enum class strategy_fault : unsigned char { none, unknown_role, unknown_axis, two_roles, syntax };

/// A strategy read from its text.
struct parsed_strategy {
    role on[max_axes]{};                          ///< none: not named
    bool pads[max_axes]{};                        ///< of `padded_fsdp`
    bool decides = false;                         ///< says `recompute` or `keep_activations`
    bool recomputes = false;                      ///< which of them
    strategy_fault fault = strategy_fault::none;  ///< the first
    int at = 0, size = 0;                         ///< the letters that are wrong
};

namespace detail {

constexpr bool is_word(char const* text, int size, char const* word) {
    for (int i = 0; i < size; ++i)
        if (word[i] == 0 || text[i] != word[i]) return false;
    return word[size] == 0;
}
constexpr bool is_name_letter(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && c != ',' && c != '<' && c != '>' && c != ':' && c != '#';
}

/// Reads the parts of a strategy, `role<axis>`, `recompute` or `keep_activations`.
struct strategy_parser {
    char const* text;
    int size;
    model_plan const& of;  ///< whose axes
    int at = 0;
    parsed_strategy p{};

    constexpr parsed_strategy all() {
        if (is_word(text, size, "no roles")) return p;
        do part();
        while (p.fault == strategy_fault::none && at < size && separator());
        return p;
    }

  private:
    constexpr void fail(strategy_fault what, int from, int letters) {
        if (p.fault == strategy_fault::none) p.fault = what, p.at = from, p.size = letters;
    }
    constexpr int word() {
        int const from = at;
        while (at < size && is_name_letter(text[at])) ++at;
        return at - from;
    }
    constexpr bool separator() {
        bool const there = at + 1 < size && text[at] == ',' && text[at + 1] == ' ';
        if (!there) fail(strategy_fault::syntax, at, size - at);
        at += 2;
        return there;
    }
    constexpr void part() {
        int const from = at, letters = word();
        bool const again = is_word(text + from, letters, "recompute");
        if (again || is_word(text + from, letters, "keep_activations")) {
            if (p.decides) fail(strategy_fault::syntax, from, letters);
            p.decides = true, p.recomputes = again;
            return;
        }
        bool pads = false;
        role const r = role_named(text + from, letters, pads);
        if (letters == 0) return fail(strategy_fault::syntax, from, size - from);
        if (r == role::none) return fail(strategy_fault::unknown_role, from, letters);
        if (at >= size || text[at] != '<') return fail(strategy_fault::syntax, from, size - from);
        int const axis_from = ++at, axis_letters = word();
        int const axis = axis_named(text + axis_from, axis_letters);
        if (axis < 0) return fail(strategy_fault::unknown_axis, axis_from, axis_letters);
        if (at >= size || text[at++] != '>') return fail(strategy_fault::syntax, from, size - from);
        if (p.on[axis] != role::none) return fail(strategy_fault::two_roles, axis_from, axis_letters);
        p.on[axis] = r, p.pads[axis] = pads;
    }
    static constexpr role role_named(char const* name, int letters, bool& pads) {
        for (int r = 1; r <= static_cast<int>(role::sequence_parallel); ++r)
            if (is_word(name, letters, role_word(static_cast<role>(r)))) return static_cast<role>(r);
        pads = is_word(name, letters, role_word(role::fully_sharded, true));
        return pads ? role::fully_sharded : role::none;
    }
    constexpr int axis_named(char const* name, int letters) const {
        for (int a = 0; a < of.axes; ++a)
            if (is_word(name, letters, of.axis_name[a].data)) return a;
        return -1;
    }
};

}  // namespace detail

/// Reads `fsdp<dp>, sequence_parallel<tp>, recompute`, what `explain` and `save_plan` write, for the mesh of a plan.
constexpr parsed_strategy parse_strategy(char const* text, int size, model_plan const& of) {
    return detail::strategy_parser{text, size, of}.all();
}

}  // namespace shardtype
