#pragma once

// What became of the mutants, in the tables of docs/mutation.md.

#include <algorithm>
#include <cstdio>

#include "mutation/mutator.hpp"

namespace mutation {

struct judged {
    std::string of;  ///< the program
    mutant is;
    bool sampled = true;
    bool refused = false;    ///< as the rules say, read as values
    std::size_t at = 0;      ///< the statement that they refuse
    bool uncounted = false;  ///< a gradient that is not used, or used twice: the lowering refuses it [ST-S617]
    bool compiles = false;   ///< as the compiler says
    bool runs = false;       ///< with the checks off the local shapes fit
    bool right = false;      ///< and each device's numbers are those of the same program on one device
    bool same = false;       ///< and those of the program that was mutated
    bool spelling = false;   ///< refused for a type's spelling alone
};

/// Only another operand, or another member of the norm, makes a program that means something else. A placement, a
/// reduction or the norm's root do not: there other numbers are wrong ones.
inline bool can_mean_another(std::string const& kind) {
    return kind == "operand" || kind == "operand: a gradient" || kind == "operand of update" ||
           kind == "clip left out" || kind == "members of the norm";
}

enum class fate : unsigned char { refused_by_types, refused_by_count, equivalent, another, surviving };
inline fate fate_of(judged const& j) {
    if (!j.compiles) return fate::refused_by_types;
    if (j.uncounted) return fate::refused_by_count;
    if (j.right && j.same) return fate::equivalent;
    return j.right && can_mean_another(j.is.kind) ? fate::another : fate::surviving;
}

struct counts {
    int mutants = 0, by[5]{}, wrong = 0, stuck = 0, right = 0, spelling = 0, wrong_by_types = 0;
    void add(judged const& j) {
        fate const v = fate_of(j);
        ++mutants;
        ++by[static_cast<int>(v)];
        if (v != fate::refused_by_types && v != fate::refused_by_count) return;
        ++(!j.runs ? stuck : j.right ? right : wrong);
        spelling += j.spelling ? 1 : 0;
        wrong_by_types += j.runs && !j.right && v == fate::refused_by_types ? 1 : 0;
    }
    int of(fate v) const { return by[static_cast<int>(v)]; }
    int rejected() const { return of(fate::refused_by_types) + of(fate::refused_by_count); }
};

/// One row. A user's program has no count of its gradients, and backward no other program that it could be.
inline void print(std::string const& name, counts const& c, bool backward) {
    std::printf("| %s | %d | %d | ", name.c_str(), c.mutants, c.of(fate::refused_by_types));
    if (backward) std::printf("%d | ", c.of(fate::refused_by_count));
    std::printf("%d | %d | %d | %d | ", c.wrong, c.stuck, c.right, c.of(fate::equivalent));
    if (!backward) std::printf("%d | ", c.of(fate::another));
    std::printf("%d |\n", c.of(fate::surviving));
}
inline void head(char const* first, bool backward) {
    std::printf("\n| %s | mutants | %s | wrong | no run | right | equivalent | %ssurviving |\n%s\n", first,
                backward ? "refused by types | refused by the count of gradients" : "refused by types",
                backward ? "" : "another | ", "|---|---|---|---|---|---|---|---|---|");
}
inline double percent(int part, int whole) { return 100.0 * part / std::max(1, whole); }

/// The shares that the issue asks for, as sentences.
inline void shares(counts const& c, bool backward) {
    int const all = c.rejected(), real = all - c.spelling;
    std::printf(
        "\nOf the %d rejected, with the checks off %.1f %% run and give wrong numbers, %.1f %% do not run, "
        "%.1f %% are right.\nWithout the %d whose types are only another spelling: %.1f %% of %d give wrong "
        "numbers. Of those that run and are\nmore than another spelling: %.1f %%.%s\n",
        all, percent(c.wrong, all), percent(c.stuck, all), percent(c.right, all), c.spelling, percent(c.wrong, real),
        real, percent(c.wrong, real - c.stuck), 2 * c.wrong > all ? "" : " \"Most give wrong numbers\" is missed.");
    if (backward)
        std::printf("Of the %d refused by types: %.1f %% give wrong numbers.\n", c.of(fate::refused_by_types),
                    percent(c.wrong_by_types, c.of(fate::refused_by_types)));
}

/// The tables and the shares of mutants [from, to), by program and by what was changed.
inline void table(char const* title, std::vector<judged> const& all, std::size_t from, std::size_t to, bool backward) {
    std::vector<std::string> order;
    std::map<std::string, counts> rows, kinds;
    counts total;
    for (std::size_t i = from; i < to; ++i) {
        if (!all[i].sampled) continue;
        if (rows.count(all[i].of) == 0) order.push_back(all[i].of);
        rows[all[i].of].add(all[i]);
        kinds[all[i].is.kind].add(all[i]);
        total.add(all[i]);
    }
    std::printf("\n## %s\n", title);
    head("program", backward);
    std::string const ending = ", backward";
    for (std::string name : order) {
        counts const c = rows[name];
        if (backward) name.resize(name.size() - ending.size());
        print(name, c, backward);
    }
    print("total", total, backward);
    head("changed", backward);
    for (auto const& [kind, c] : kinds) print(kind, c, backward);
    shares(total, backward);
}

}  // namespace mutation
