#pragma once

#include <string>
#include <string_view>

/// A layout as text, `dp_shard=2,tp=4[,plain][,zero_stage=N][,seq_len=N][,global_batch_size=N][,micro_batches=N][,bfloat16]
/// [,recompute[=N]]`, read by the compiler (where CMake lists it) and at run time (where a flag names it). Axes come in
/// torchtitan's order; the last is the fastest.
struct layout_spec {
    long dp_replicate = 0, dp_shard = 0, tp = 0;  ///< sizes; 0: no such axis
    bool plain = false;                           ///< tensor parallel without splitting the sequence between layers
    long zero_stage = 3;                          ///< what dp_shard splits; 3: parameters too
    long seq_len = 256, global_batch_size = 8, micro_batches = 1;
    bool bfloat16 = false;  ///< activations and weights in use
    long recompute = 0;     ///< one block in so many is recomputed; 0: none
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
            struct word_of {
                std::string_view name;
                long* number;
                bool* truth;
            } const known[] = {{"dp_replicate", &s.dp_replicate, nullptr},
                               {"dp_shard", &s.dp_shard, nullptr},
                               {"tp", &s.tp, nullptr},
                               {"plain", nullptr, &s.plain},
                               {"zero_stage", &s.zero_stage, nullptr},
                               {"seq_len", &s.seq_len, nullptr},
                               {"global_batch_size", &s.global_batch_size, nullptr},
                               {"micro_batches", &s.micro_batches, nullptr},
                               {"bfloat16", nullptr, &s.bfloat16},
                               {"recompute", &s.recompute, nullptr}};
            int which = 0;
            while (which < 10 && name != known[which].name) ++which;
            bool const alone = which < 10 && (known[which].number == nullptr || name == "recompute");
            s.valid = which < 10 && which > last && (comma == std::string_view::npos || !text.empty()) &&
                      (equals == std::string_view::npos ? alone : known[which].number != nullptr && number > 0);
            if (!s.valid) break;
            last = which;
            if (known[which].number != nullptr)
                *known[which].number = equals == std::string_view::npos ? 1 : number;
            else
                *known[which].truth = true;
        }
        s.valid = s.valid && s.dp_replicate + s.dp_shard + s.tp > 0 && (!s.plain || s.tp > 0) && s.zero_stage <= 3;
        if (s.dp_shard <= 1) s.zero_stage = 3;  // nothing to split
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
    /// The rest, which other flags say.
    std::string batch() const {
        return (zero_stage == 3 ? "" : "zero_stage=" + std::to_string(zero_stage) + ",") +
               "seq_len=" + std::to_string(seq_len) + ",global_batch_size=" + std::to_string(global_batch_size) +
               extras(",", false);
    }
    /// What of it is not as usual, for people: `zero_stage=2 micro_batches=4 bfloat16 recompute=2`.
    std::string extras(char const* before = " ", bool all = true) const {
        std::string out;
        if (all && zero_stage != 3) out += before + ("zero_stage=" + std::to_string(zero_stage));
        if (micro_batches > 1) out += before + ("micro_batches=" + std::to_string(micro_batches));
        if (bfloat16) out += before + std::string("bfloat16");
        if (recompute > 0) out += before + std::string("recompute");
        return out + (recompute > 1 ? "=" + std::to_string(recompute) : "");
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
