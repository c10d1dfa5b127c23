#pragma once

#include <string>
#include <string_view>

/// A layout as text, `dp_shard=2,tp=4[,plain][,seq_len=N][,global_batch_size=N]`, read by the compiler (where CMake lists
/// it) and at run time (where a flag names it). Axes come in torchtitan's order; the last is the fastest.
struct layout_spec {
    long dp_replicate = 0, dp_shard = 0, tp = 0;  ///< sizes; 0: no such axis
    bool plain = false;                           ///< tensor parallel without splitting the sequence between layers
    long seq_len = 256, global_batch_size = 8;
    bool valid = false;

    constexpr long data_ranks() const { return (dp_replicate > 0 ? dp_replicate : 1) * (dp_shard > 0 ? dp_shard : 1); }
    constexpr long ranks() const { return data_ranks() * (tp > 0 ? tp : 1); }
    constexpr bool same_mesh(layout_spec const& b) const {
        return dp_replicate == b.dp_replicate && dp_shard == b.dp_shard && tp == b.tp && plain == b.plain;
    }

    static constexpr layout_spec parse(std::string_view text) {
        layout_spec s;
        s.valid = true;
        int last = -1;  // the place of the last word in the list below: they come in order, each once
        while (s.valid && !text.empty()) {
            std::size_t const comma = text.find(',');
            std::string_view const word = text.substr(0, comma);
            text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
            std::size_t const equals = word.find('=');
            long const number = equals == std::string_view::npos ? 0 : positive(word.substr(equals + 1));
            std::string_view const name = word.substr(0, equals);
            std::string_view const names[] = {"dp_replicate", "dp_shard", "tp",
                                              "plain",        "seq_len",  "global_batch_size"};
            long* const numbers[] = {&s.dp_replicate, &s.dp_shard, &s.tp, nullptr, &s.seq_len, &s.global_batch_size};
            int which = 0;
            while (which < 6 && name != names[which]) ++which;
            s.valid = which < 6 && which > last && (which == 3) == (number == 0) &&
                      (comma == std::string_view::npos || !text.empty());
            if (!s.valid) break;
            last = which;
            if (which == 3)
                s.plain = equals == std::string_view::npos;
            else
                *numbers[which] = number;
        }
        s.valid = s.valid && s.dp_replicate + s.dp_shard + s.tp > 0 && (!s.plain || s.tp > 0);
        return s;
    }

    /// The mesh and `plain`: how `--layout` names it.
    std::string name() const {
        std::string out;
        auto const add = [&](char const* axis, long size) {
            if (size > 0) out += (out.empty() ? "" : ",") + std::string(axis) + "=" + std::to_string(size);
        };
        add("dp_replicate", dp_replicate);
        add("dp_shard", dp_shard);
        add("tp", tp);
        return out + (plain ? ",plain" : "");
    }
    /// Without sizes, for short: `dp_shard+tp`. The first layout that is compiled with these axes has it.
    std::string short_name() const {
        std::string out;
        for (char const c : name())
            if (c == ',')
                out += '+';
            else if (c < '0' || c > '9')
                out += c == '=' ? "" : std::string(1, c);
        return out;
    }
    std::string batch() const {
        return "seq_len=" + std::to_string(seq_len) + ",global_batch_size=" + std::to_string(global_batch_size);
    }

  private:
    /// Digits as a number up to 2^20; 0 for anything else.
    static constexpr long positive(std::string_view digits) {
        long n = 0;
        if (digits.empty() || digits.size() > 7) return 0;
        for (char const c : digits) {
            if (c < '0' || c > '9') return 0;
            n = 10 * n + (c - '0');
        }
        return n <= 1L << 20 ? n : 0;
    }
};
