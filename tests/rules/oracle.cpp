// Does the type rule of each operation say what the numbers say? Every placement of every operand on one axis of 2 and
// of 3 and on two axes of 2 x 3, ordered lists included; seeded samples on three axes and on four.
//   legal   => the result and the gradients are right;
//   wrong   => with no placement of the result they are;
//   refused => they would be, and there is no kernel.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include "judge.hpp"

namespace {

using namespace oracle;

void print(char const* name, std::vector<int> const& axes, char const* what, tally const& t) {
    std::string mesh, reasons;
    for (int const n : axes) mesh += (mesh.empty() ? "" : " x ") + std::to_string(n);
    for (auto const& [reason, n] : t.reasons) reasons += "  " + reason + ": " + std::to_string(n);
    std::printf("%-14s %-13s %-9s legal %6ld  wrong %7ld  right but refused %5ld%s\n", name, mesh.c_str(), what,
                t.legal, t.wrong, t.refused, reasons.c_str());
}

/// All operands with gradients, and every choice of those without.
tally examine_all(std::vector<fact> const& facts, subject const& s, std::vector<int> const& axes) {
    auto const plain = examine(facts, s, s.is);
    tally frozen;
    unsigned const all = (1U << s.is.operands) - 1;
    for (unsigned constants = 1; constants <= all; ++constants)
        if ((constants & s.is.constant) == 0) frozen += examine(facts, s, s.is, constants);
    print(s.name, axes, "", plain);
    print(s.name, axes, "constants", frozen);
    CHECK_MESSAGE(plain.failures == 0, plain.failures << " failures, the first: " << plain.first);
    CHECK_MESSAGE(frozen.failures == 0, frozen.failures << " failures, the first: " << frozen.first);
    CHECK(plain.wrong > 0);
    return plain;
}

subject const& named(std::string const& name) {
    for (auto const& s : subjects)
        if (s.name == name) return s;
    throw std::logic_error("no subject " + name);
}

/// A layout drawn at random: every axis from `on`, lists in the order of `priority`.
layout arranged(layout x, std::vector<placement> const& on, std::vector<std::size_t> const& priority) {
    for (std::size_t const a : priority) x = placed(x, static_cast<int>(a), on[a]);
    return x;
}

/// Seeded: per axis a row that is legal or refused by itself, or anything; lists mostly in one order.
std::vector<fact> sampled_facts(subject const& s, std::vector<int> const& axes, int samples, random_source& source) {
    experiment e(s, source);
    REQUIRE(e.fits);
    auto const results = numbers_only(all_layouts(e.y, axes));
    auto const operands = static_cast<std::size_t>(s.is.operands);
    std::vector<std::vector<placement>> any(operands);
    for (std::size_t i = 0; i < operands; ++i) {
        any[i] = {on_invariant, on_replicate, on_partial};
        for (int d = 0; d < e.x[i].rank; ++d) any[i].push_back(on_shard(d));
    }
    std::vector<fact> out;
    for (int tries = 0; static_cast<int>(out.size()) < samples && tries < 100 * samples; ++tries) {
        std::vector<std::vector<placement>> on(operands, std::vector<placement>(axes.size()));
        for (std::size_t a = 0; a < axes.size(); ++a) {
            bool const anything = source() % 8 == 0;
            for (bool good = false; !good;) {
                placement p[max_operands]{};
                for (std::size_t i = 0; i < operands; ++i) p[i] = on[i][a] = any[i][source() % any[i].size()];
                auto const row = detail::infer_axis(s.is, p, source() % 2 == 0);
                good = anything || row.what == code::ok || row.what == code::no_kernel;
            }
        }
        std::vector<std::size_t> priority;
        for (std::size_t a = 0; a < axes.size(); ++a) priority.push_back(a);
        std::shuffle(priority.begin(), priority.end(), source);
        layouts in;
        bool valid = true;
        for (std::size_t i = 0; i < operands; ++i) {
            auto own = priority;
            if (source() % 8 == 0) std::shuffle(own.begin(), own.end(), source);
            in.push_back(arranged(layout_of(e.x[i], axes), on[i], own));
            valid = valid && fault_of(in[i]).what == code::ok;
        }
        if (valid) for_each_reading(e, in, results, false, [&](fact const& f) { out.push_back(f); });
    }
    return out;
}

}  // namespace

TEST_CASE("the reference's gradients agree with central differences") {
    random_source source(1);
    for (auto const& s : subjects) {
        experiment const truth(s, source);
        REQUIRE(truth.fits);
        double const step = 1e-5;
        for (int i = 0; i < s.is.operands; ++i) {
            if (!truth.has_gradient(i)) continue;
            auto const operand = static_cast<std::size_t>(i);
            for (int trial = 0; trial < 40; ++trial) {
                auto const n = source() % truth.x[operand].v.size();
                double difference = 0;
                for (double const sign : {1.0, -1.0}) {
                    arrays x = truth.x;
                    x[operand].v[n] += sign * step;
                    array y;
                    REQUIRE(s.on_arrays.value(truth.whole, reference::all_of(x), y));
                    for (std::size_t k = 0; k < y.v.size(); ++k) difference += sign * y.v[k] * truth.dy.v[k];
                }
                CHECK(truth.dx[operand].v[n] == doctest::Approx(difference / (2 * step)).epsilon(1e-6).scale(1));
            }
        }
    }
}

TEST_CASE("shapes and element types") {
    random_source source(2);
    for (auto const& s : subjects) {
        auto const t = examine_shapes(all_shape_facts(s, source), s, s.is);
        std::printf("%-14s shapes: taken %4ld, not taken %4ld\n", s.name, t.legal, t.wrong);
        CHECK_MESSAGE(t.failures == 0, t.first);
        CHECK(t.legal > 0);
    }
}

TEST_CASE("one axis: every placement of every operand") {
    random_source source(3);
    for (auto const& s : subjects)
        for (int const n : {2, 3}) {
            auto const t = examine_all(all_facts(s, {n}, source), s, {n});
            CHECK(t.legal > 0);
        }
}

TEST_CASE("two axes: every placement of every operand") {
    random_source source(4);
    for (auto const& s : subjects) {
        auto const t = examine_all(all_facts(s, {2, 3}, source), s, {2, 3});
        CHECK(t.legal > 0);
    }
}

TEST_CASE("three axes and four: a seeded sample") {
    random_source source(5);
    auto const on = [&](char const* name, std::vector<std::vector<long>> const& extents, std::vector<int> const& axes) {
        subject s = named(name);
        s.extents = extents;
        s.classes = s.ids < 0 ? 0 : 24;
        auto const t = examine_all(sampled_facts(s, axes, 400, source), s, axes);
        CHECK(t.legal > 20);
    };
    for (auto const& axes : std::vector<std::vector<int>>{{2, 3, 2}, {2, 2, 2, 2}, {2, 3, 2, 2}}) {
        on("matmul", {{12, 24}, {24, 16}}, axes);
        on("linear", {{6, 4, 24}, {16, 24}}, axes);
        on("embedding", {{12, 4}, {24, 8}}, axes);
        on("rms_norm", {{12, 24, 4}, {4}}, axes);
        on("layer_norm", {{12, 24, 4}, {4}, {4}}, axes);
        on("rotary", {{12, 4, 8, 8}, {4, 8}}, axes);
        on("attention", {{6, 2, 24, 4}, {6, 2, 12, 4}, {6, 2, 12, 4}}, axes);
        on("attention 2 kv", {{4, 2, 48, 2}, {4, 2, 6, 2}, {4, 2, 6, 2}}, axes);
        on("attention 2 kv", {{4, 2, 48, 2}, {4, 2, 4, 2}, {4, 2, 4, 2}}, axes);
        on("swiglu", {{6, 12, 8}, {6, 12, 8}}, axes);
        on("gelu", {{6, 12, 8}}, axes);
        on("bias", {{6, 12, 24}, {24}}, axes);
        on("positions", {{6, 12, 24}, {12, 24}}, axes);
        on("add", {{6, 12, 8}, {6, 12, 8}}, axes);
        on("cross_entropy", {{12, 4, 24}, {12, 4}}, axes);
    }
}
