// Could the oracle miss a wrong rule? Every entry of every rule and every entry of the table of redistributions is
// changed, one at a time. A mutant is rejected by the numbers, or it is equivalent: the same verdicts and results on
// random operands of all kinds. None may survive: pass the numbers and say something else.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "judge.hpp"
#include "steps.hpp"

namespace {

using namespace oracle;

struct mutant {
    rule is;
    std::string what;
};

std::vector<char> letters_of(rule const& r) {
    std::set<char> all{'z'};
    for (int i = 0; i < r.operands; ++i) all.insert(r.in[i], r.in[i] + r.rank_of(i));
    all.insert(r.out, r.out + r.out_rank());
    return {all.begin(), all.end()};
}

/// All rules that differ from r in one entry: a letter other, more or fewer; a bit; a factor of a property.
std::vector<mutant> mutants_of(rule const& r) {
    std::vector<mutant> out;
    auto const letters = letters_of(r);
    auto const add = [&](std::string const& what, auto change) {
        mutant m{r, what};
        change(m.is);
        out.push_back(m);
    };
    auto const string = [&](std::string const& name, auto get, std::size_t capacity) {
        rule own = r;
        std::size_t const n = std::strlen(get(own));
        for (std::size_t d = 0; d < n; ++d) {
            for (char const c : letters)
                if (c != get(own)[d]) add(name + "[" + std::to_string(d) + "] = " + c, [&](rule& m) { get(m)[d] = c; });
            add(name + " without " + get(own)[d], [&](rule& m) { std::memmove(get(m) + d, get(m) + d + 1, n - d); });
        }
        for (char const c : letters)
            if (n < capacity) add(name + " with " + c, [&](rule& m) { get(m)[n] = c, get(m)[n + 1] = 0; });
    };
    for (int i = 0; i < r.operands; ++i)
        string(
            "in " + std::to_string(i), [i](rule& m) -> char* { return m.in[i]; }, max_rank);
    string(
        "out", [](rule& m) -> char* { return m.out; }, max_rank);
    string(
        "whole", [](rule& m) -> char* { return m.whole; }, max_rank);
    string(
        "kernel_whole", [](rule& m) -> char* { return m.kernel_whole; }, max_rank);
    for (std::size_t d = 0; d < std::strlen(r.equal); ++d)
        for (char const c : letters)
            if (c != r.equal[d]) add("equal[" + std::to_string(d) + "] = " + c, [&](rule& m) { m.equal[d] = c; });
    for (std::size_t pair = 0; pair < std::strlen(r.equal); pair += 2)
        add("equal without a pair", [&](rule& m) { std::memmove(m.equal + pair, m.equal + pair + 2, 3 - pair); });
    for (char const a : letters)
        for (char const b : letters)
            if (a < b && std::strlen(r.equal) < 4)
                add(std::string("equal with ") + a + b, [&](rule& m) {
                    auto const n = std::strlen(m.equal);
                    m.equal[n] = a, m.equal[n + 1] = b, m.equal[n + 2] = 0;
                });
    for (int i = 0; i < r.operands; ++i) {
        auto const bit = 1U << i;
        auto const name = " " + std::to_string(i);
        add("linear" + name, [&](rule& m) { m.linear ^= bit; });
        add("constant" + name, [&](rule& m) { m.constant ^= bit; });
        add("ids" + name, [&](rule& m) { m.ids ^= bit; });
        add("sum" + name, [&](rule& m) { m.sum ^= bit; });
    }
    auto const factor = [&](std::string const& name, char rule::*which) {
        for (char const c : letters)
            if (c != r.*which) add(name + " = " + c, [&](rule& m) { m.*which = c; });
        if (r.*which != 0) add(name + " = none", [&](rule& m) { m.*which = 0; });
    };
    factor("fused", &rule::fused);
    factor("grouped", &rule::grouped);
    factor("paired", &rule::paired);
    add("an operand more", [](rule& m) { ++m.operands; });
    add("an operand less", [](rule& m) { --m.operands; });
    return out;
}

/// All that the oracle knows of one subject.
struct knowledge {
    subject const& of;
    std::vector<shape_fact> shapes;
    std::vector<fact> one, two;

    knowledge(subject const& s, random_source& source)
        : of(s), shapes(all_shape_facts(s, source)), one(all_facts(s, {2}, source)), two(all_facts(s, {2, 3}, source)) {
        for (fact const& f : all_facts(s, {3}, source)) one.push_back(f);
    }
    bool rejects(rule const& r) const {
        if (examine_shapes(shapes, of, r).failures > 0 || examine(one, of, r).failures > 0) return true;
        for (unsigned constants = 1; constants < 1U << of.is.operands; ++constants)
            if ((constants & of.is.constant) == 0 && examine(one, of, r, constants).failures > 0) return true;
        return examine(two, of, r).failures > 0;
    }
};

/// Random operands for the rule: mostly of extents that fit, with placements that one of the two takes on each axis.
/// @return whether both say the same of all of them
bool same_verdicts(rule const& a, rule const& b, random_source& source) {
    auto const roll = [&](unsigned sides) { return static_cast<int>(source() % sides); };
    for (int trial = 0; trial < 20000; ++trial) {
        long extent[128]{};
        for (long& e : extent) e = std::array<long, 7>{1, 2, 3, 4, 6, 6, 12}[source() % 7];
        if (roll(2) == 0 && a.equal[0] != 0)
            for (std::size_t p = 0; a.equal[p] != 0; p += 2)
                extent[static_cast<std::size_t>(a.equal[p])] = extent[static_cast<std::size_t>(a.equal[p + 1])];
        layouts in(max_operands);
        int const axes = 1 + roll(3);
        int size[max_axes]{};
        for (int& n : size) n = 2 + roll(2);
        for (int i = 0; i < a.operands; ++i) {
            layout& x = in[static_cast<std::size_t>(i)];
            x.type = ((a.ids >> i) & 1U) != 0 ? dtype::i32 : dtype::f64;
            x.rank = a.rank_of(i), x.axes = axes;
            for (int d = 0; d < x.rank; ++d) {
                x.extent[d] = extent[static_cast<std::size_t>(a.in[i][d])];
                if (i == 0 && a.in[i][d] == a.grouped) x.extent[d] *= 1 + roll(4);
                if (roll(32) == 0) x.extent[d] = 1 + roll(12);
            }
            for (int n = 0; n < axes; ++n) x.axis_size[n] = size[n];
        }
        for (int n = 0; n < axes; ++n) {
            placement p[max_operands]{};
            for (int tries = roll(8) == 0 ? 1 : 60; tries > 0; --tries) {
                for (int i = 0; i < a.operands; ++i) {
                    int const k = roll(3 + static_cast<unsigned>(a.rank_of(i)));
                    p[i] = k == 0 ? on_invariant : k == 1 ? on_replicate : k == 2 ? on_partial : on_shard(k - 3);
                }
                auto const row = detail::infer_axis(roll(2) == 0 ? a : b, p, roll(2) == 0);
                if (row.what == code::ok || row.what == code::no_kernel) break;
            }
            for (int i = 0; i < a.operands; ++i)
                in[static_cast<std::size_t>(i)] = placed(in[static_cast<std::size_t>(i)], n, p[i]);
        }
        bool valid = true;
        for (layout const& x : in) valid = valid && fault_of(x).what == code::ok;
        if (!valid) continue;
        auto const constants = roll(4) == 0 ? static_cast<unsigned>(source()) & ((1U << a.operands) - 1U) : 0U;
        auto const u = infer(a, in.data(), constants), v = infer(b, in.data(), constants);
        if (u.says.legal() != v.says.legal() || u.says.refused() != v.says.refused()) return false;
        if (!u.says.wrong() && !(u.result == v.result)) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("every entry of every rule") {
    random_source source(1);
    bool const verbose = std::getenv("SHARDTYPE_PRINT_EQUIVALENT") != nullptr;
    std::vector<knowledge> known;
    for (auto const& s : subjects) known.emplace_back(s, source);
    long rejected_in_all = 0, survivors = 0;
    std::set<std::string> done;
    for (auto const& first : known) {
        if (!done.insert(first.of.is.out + std::string(first.of.is.in[0]) + first.of.is.in[1]).second) continue;
        CHECK(same_verdicts(first.of.is, first.of.is, source));
        long rejected = 0, equivalent = 0, surviving = 0;
        for (mutant const& m : mutants_of(first.of.is)) {
            bool found = false;
            for (auto const& k : known)
                found = found || (k.of.on_arrays.value == first.of.on_arrays.value && k.rejects(m.is));
            bool const same = !found && same_verdicts(first.of.is, m.is, source);
            ++(found ? rejected : same ? equivalent : surviving);
            if (same && verbose) std::printf("  equivalent: %s\n", m.what.c_str());
            CHECK_MESSAGE((found || same), std::string(first.of.name) << ", " << m.what << ": survives");
        }
        std::printf("%-14s mutants: rejected %4ld, equivalent %3ld, surviving %ld\n", first.of.name, rejected,
                    equivalent, surviving);
        rejected_in_all += rejected, survivors += surviving;
    }
    std::printf("rules: rejected %ld, surviving %ld\n", rejected_in_all, survivors);
    CHECK(rejected_in_all > 0);
}

TEST_CASE("every entry of the table of redistributions") {
    random_source source(2);
    long const extent[] = {12, 6};
    array const x = random_like(zeros(2, extent), source);
    auto const rows = steps::library_table();
    auto const passes = [&](steps::table const& t) {
        return steps::examine(t, x, {3}, source).failures == 0 && steps::examine(t, x, {2, 3}, source).failures == 0;
    };
    REQUIRE(passes(rows));
    long rejected = 0, survivors = 0;
    auto const hold = [&](steps::table const& t, std::string const& what) {
        bool const survives = passes(t);
        ++(survives ? survivors : rejected);
        CHECK_MESSAGE(!survives, what << ": survives");
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto const name = "row " + std::to_string(i);
        auto t = rows;
        for (int k = 0; k < 4; ++k) {
            t = rows, t[i].from = static_cast<kind>(k);
            if (t[i].from != rows[i].from) hold(t, name + ": from");
            t = rows, t[i].to = static_cast<kind>(k);
            if (t[i].to != rows[i].to) hold(t, name + ": to");
        }
        for (int k = 0; k < 8; ++k) {
            t = rows, t[i].by = static_cast<collective>(k);
            if (t[i].by != rows[i].by) hold(t, name + ": by");
        }
        t = rows, t[i].gradient_only = !t[i].gradient_only;
        hold(t, name + ": forward or backward only");
        t = rows, t.erase(t.begin() + static_cast<long>(i));
        hold(t, name + ": not there");
    }
    std::printf("redistributions: rejected %ld, surviving %ld\n", rejected, survivors);
}
