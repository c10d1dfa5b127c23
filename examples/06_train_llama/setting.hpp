#pragma once

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <shardtype/train/file.hpp>

/// Who gave a value: the program, a configuration file, or the command line.
enum class origin { standard, file, flag };

/// One knob: its section in a configuration file, what it is for, its value, and which values make sense.
template <class T>
struct setting {
    char const* section;  ///< of the TOML file; empty for what only the command line has
    char const* help;
    T value;
    T least{}, most{};              ///< of numbers, both inclusive
    bool positive = false;          ///< numbers above 0 only
    bool minus_one = false;         ///< whole numbers: -1 as well, for "what follows from the others"
    char const* choices[5]{};       ///< of words; none: any
    bool may_be_empty = false;      ///< words
    bool text_too = false;          ///< whole numbers: torchtitan's files have them in quotes
    char const* not_yet = nullptr;  ///< a word of torchtitan's that nothing here stands for
    bool recorded = true;           ///< false: another setting says the same in the record of a run
    origin from = origin::standard;
};

using words = std::vector<std::string>;

/// `'abc' is not a whole number from 1 to 8`, to which the reader adds where that stands.
struct bad_value : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Text from outside, fit for one line of a message: quoted, all but ASCII as \xNN, cut at 120 bytes.
inline std::string printable(std::string_view text) { return shardtype::detail::printable(text, 0x7e); }

inline std::string text_of(long v) { return std::to_string(v); }
inline std::string text_of(bool v) { return v ? "true" : "false"; }
inline std::string text_of(std::string const& v) { return v; }
inline std::string text_of(double v) {
    char buffer[32];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr};
}
inline std::string text_of(words const& v) {
    std::string out;
    for (std::string const& w : v) out += (out.empty() ? "" : " ") + w;
    return out;
}

inline std::string wanted(setting<bool> const&) { return "true or false"; }
inline std::string wanted(setting<words> const&) { return "a list of words"; }
inline std::string wanted(setting<long> const& s) {
    return (s.minus_one ? "-1 or a whole number from " : "a whole number from ") + text_of(s.least) + " to " +
           text_of(s.most);
}
inline std::string wanted(setting<double> const& s) {
    return s.positive ? "a number above 0, at most " + text_of(s.most)
                      : "a number from " + text_of(s.least) + " to " + text_of(s.most);
}
inline std::string wanted(setting<std::string> const& s) {
    if (s.choices[0] == nullptr) return "a path";
    std::string out;
    for (char const* c : s.choices)
        if (c != nullptr) out += (out.empty() ? "" : " or ") + std::string(c);
    return out;
}

template <class T>
[[noreturn]] void refuse(setting<T> const& s, std::string const& value) {
    if (s.not_yet != nullptr && value == printable(s.not_yet))
        throw bad_value(std::string(s.not_yet) + " is not there yet; it is " + wanted(s) + " here");
    throw bad_value(value + " is not " + wanted(s));
}

/// Takes a value of the right type. @throws bad_value if it makes no sense for this setting
template <class T>
void take(setting<T>& s, T const& value, origin from) {
    if constexpr (std::is_same_v<T, long> || std::is_same_v<T, double>) {
        // negated, so that NaN fails too
        bool const rest = s.minus_one && value == -1;
        if (!rest && !(value >= s.least && value <= s.most && (!s.positive || value > 0))) refuse(s, text_of(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
        bool found = s.choices[0] == nullptr && (s.may_be_empty || !value.empty());
        for (char const* c : s.choices) found = found || (c != nullptr && value == c);
        if (!found || value.find('\0') != std::string::npos) refuse(s, printable(value));
    } else if constexpr (std::is_same_v<T, words>) {
        if (value.empty()) throw bad_value("an empty list: there is nothing to do");
        for (std::string const& w : value)
            if (w.empty()) throw bad_value("an empty word in the list");
    }
    s.value = value;
    s.from = from;
}

/// All of `text` as a number, or nothing.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number value{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Takes what the command line gave: one word, or several for a list.
template <class T>
void take_text(setting<T>& s, words const& given) {
    if constexpr (std::is_same_v<T, words>) {
        take(s, given, origin::flag);
    } else if constexpr (std::is_same_v<T, std::string>) {
        take(s, given.back(), origin::flag);
    } else if constexpr (std::is_same_v<T, bool>) {
        take(s, given.back() == "true", origin::flag);
    } else {
        auto const value = number_in<T>(given.back());
        if (!value) refuse(s, printable(given.back()));
        take(s, *value, origin::flag);
    }
}
