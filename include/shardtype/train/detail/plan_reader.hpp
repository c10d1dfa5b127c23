#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <shardtype/plan/parse_strategy.hpp>
#include <shardtype/train/file.hpp>

namespace shardtype::detail {

/// A saved plan's lines, one after the other, and the parts of the current one. Every fault is thrown as one line:
/// `file: line 12: what`.
class plan_reader {
  public:
    plan_reader(std::filesystem::path const& path, std::string_view text) : path_(path), text_(text) {}

    [[noreturn]] void fail(std::string const& what) const {
        file_error(path_, "line " + std::to_string(number_) + ": " + what);
    }
    /// The next line that is neither empty nor a comment begins with this word.
    void expect(std::string_view word) {
        if (!next_is(word)) fail("'" + std::string(word) + "' should stand here, not " + printable(first_word()));
        take(word.size());
        if (!rest_.empty()) blank();
    }
    /// Whether it does. It stays the next one.
    bool next_is(std::string_view word) {
        if (!open_) open();
        return first_word() == word;
    }
    /// Nothing is left on this line.
    void end_line() {
        if (!rest_.empty()) fail(printable(rest_) + " behind the end of the line");
        open_ = false;
    }
    /// No line is left.
    void end_file() {
        if (at_ == text_.size()) return;
        ++number_;
        fail("nothing may stand behind the 'end' line");
    }
    /// The number of the current line.
    long line() const { return number_; }
    /// Where the current line begins.
    std::size_t line_begin() const { return line_begin_; }

    /// Letters up to one of `stops` or the end of the line.
    std::string_view until(std::string_view stops) {
        std::size_t const n = std::min(rest_.find_first_of(stops), rest_.size());
        std::string_view const found = rest_.substr(0, n);
        take(n);
        return found;
    }
    /// Exactly this text.
    void literal(std::string_view text) {
        if (rest_.substr(0, text.size()) != text)
            fail("'" + std::string(text) + "' should stand here, not " + printable(rest_));
        take(text.size());
    }
    bool has(std::string_view text) const { return rest_.substr(0, text.size()) == text; }
    void blank() { literal(" "); }

    /// A name, `-` for an empty one.
    label name(std::string_view stops) {
        std::string const text(until(stops));
        if (text.empty()) fail("a name should stand here");
        if (text.size() > 63) fail("the name " + printable(text) + " has more than 63 letters");
        label l;
        if (text != "-") l.append(text.c_str());
        return l;
    }
    template <class Number>
    Number whole(Number least, Number most) {
        std::string_view const text = until(" ,");
        Number value{};
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
            fail(printable(text) + " is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return value;
    }
    double real() {
        std::string_view const text = until(" ,");
        double value = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
            fail(printable(text) + " is no number");
        return value;
    }
    unsigned long long hash() {
        std::string_view const text = until(" ,");
        unsigned long long value = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
        if (text.size() != 16 || error != std::errc{} || end != text.data() + text.size())
            fail(printable(text) + " is no hash of 16 hexadecimal digits");
        return value;
    }
    /// One of some words, by number.
    template <std::size_t N>
    int one_of(char const* const (&words)[N], std::string_view stops) {
        std::string_view const text = until(stops);
        std::string all;
        for (std::size_t i = 0; i < N; ++i) {
            if (text == words[i]) return static_cast<int>(i);
            (all += i == 0 ? "" : ", ") += words[i];
        }
        fail(printable(text) + " is none of " + all);
    }
    /// A strategy, the rest of the line.
    parsed_strategy strategy(model_plan const& of) {
        std::string_view const text = until("");
        parsed_strategy const p = parse_strategy(text.data(), static_cast<int>(text.size()), of);
        std::string const what =
            printable(text.substr(static_cast<std::size_t>(p.at), static_cast<std::size_t>(p.size)));
        switch (p.fault) {
            case strategy_fault::none:
                return p;
            case strategy_fault::unknown_role:
                fail("unknown role " + what + "; there are " + all_roles_there());
            case strategy_fault::unknown_axis:
                fail("unknown axis " + what + "; the mesh has " + all_axes(of));
            case strategy_fault::two_roles:
                fail("two roles for the axis " + what);
            default:
                fail(what + " is no role: fsdp<axis>, recompute or keep_activations, with ', ' between");
        }
    }

  private:
    void open() {
        do {
            std::size_t const end = text_.find('\n', at_);
            if (at_ >= text_.size()) {
                ++number_;
                fail("the file ends here, without its 'end' line: it is cut off");
            }
            line_begin_ = at_;
            ++number_;
            if (end == std::string_view::npos) fail("the file ends within this line: it is cut off");
            rest_ = text_.substr(at_, end - at_);
            at_ = end + 1;
        } while (rest_.empty() || rest_[0] == '#');
        open_ = true;
    }
    std::string_view first_word() const { return rest_.substr(0, std::min(rest_.find(' '), rest_.size())); }
    void take(std::size_t letters) { rest_.remove_prefix(letters); }
    static std::string all_roles_there() {
        std::string all;
        for (int r = 1; r <= static_cast<int>(role::sequence_parallel); ++r)
            (all += r == 1 ? "" : ", ") += role_word(static_cast<role>(r));
        return all + ", padded_fsdp";
    }
    static std::string all_axes(model_plan const& of) {
        std::string all;
        for (int a = 0; a < of.axes; ++a) (all += a == 0 ? "" : ", ") += of.axis_name[a].data;
        return all;
    }

    std::filesystem::path path_;
    std::string_view text_, rest_{};
    std::size_t at_ = 0, line_begin_ = 0;
    long number_ = 0;
    bool open_ = false;
};

}  // namespace shardtype::detail
