// Does the type rule of each operation say what the numbers say? Every rank's operands are made from random global
// arrays, the operation and its backward run rank by rank, and the results are put together again. For every
// placement of every operand on one axis of 2 and of 3, and on two axes of 2 x 3, ordered lists included:
//   legal   => result and gradients are right;
//   illegal => no placement of the result is right, or the refusal is on the list below, with its reason.

#include <doctest/doctest.h>

#include <cstdio>
#include <set>

#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/operations.hpp>

#include "reference.hpp"
#include "simulator.hpp"

namespace {

using namespace simulator;
using reference::arrays;

struct subject {
    char const* name;
    rule is;
    reference::operation on_arrays;
    std::vector<std::vector<long>> extents;
    std::vector<long> result;
    int ids = -1;  ///< the operand of integers, below `classes`
    int classes = 0;
    std::set<std::string> refused{};  ///< right on one axis, and refused all the same
};

// All extents divide by 2, 3 and 6. The gradients of a partial rotary table or of partial ids are not asked for.
std::vector<subject> const subjects{
    {"matmul", rules::matmul::value, {reference::matmul, reference::matmul_gradient}, {{6, 12}, {12, 6}}, {6, 6}},
    {"linear", rules::linear::value, {reference::linear, reference::linear_gradient}, {{6, 6, 6}, {12, 6}}, {6, 6, 12}},
    {"embedding",
     rules::embedding::value,
     {reference::embedding, reference::embedding_gradient},
     {{6, 6}, {12, 6}},
     {6, 6, 6},
     0,
     12},
    {"rms_norm",
     rules::rms_norm::value,
     {reference::rms_norm, reference::rms_norm_gradient},
     {{6, 6, 12}, {12}},
     {6, 6, 12}},
    // A table of parts of the sequence or of the pairs would do. The kernel indexes one whole table by position.
    {"rotary",
     rules::rotary::value,
     {reference::rotary, reference::rotary_gradient},
     {{6, 6, 6, 12}, {6, 12}},
     {6, 6, 6, 12},
     -1,
     0,
     {"S(1) S(0)", "S(3) S(1)"}},
    // The columns of v could be split. The rule gives q, k and v one head dimension, and splitting heads is cheaper.
    {"attention",
     rules::attention::value,
     {reference::attention, reference::attention_gradient},
     {{6, 6, 12, 6}, {6, 6, 6, 6}, {6, 6, 6, 6}},
     {6, 6, 12, 6},
     -1,
     0,
     {"R R S(3)"}},
    {"swiglu",
     rules::swiglu::value,
     {reference::swiglu, reference::swiglu_gradient},
     {{6, 6, 6}, {6, 6, 6}},
     {6, 6, 6}},
    {"add", rules::add::value, {reference::add, reference::add_gradient}, {{6, 6, 6}, {6, 6, 6}}, {6, 6, 6}},
    {"cross_entropy",
     rules::cross_entropy::value,
     {reference::cross_entropy, reference::cross_entropy_gradient},
     {{6, 6, 12}, {6, 6}},
     {},
     1,
     12},
};

array of_extents(std::vector<long> const& extents) { return zeros(static_cast<int>(extents.size()), extents.data()); }

/// The operation, its operands and the true answers.
struct experiment {
    subject const& of;
    arrays x{};
    array y{}, dy{};
    arrays dx{};
    reference::context whole{};

    experiment(subject const& s, random_source& source) : of(s) {
        for (int i = 0; i < s.is.operands; ++i) {
            auto& operand = x[static_cast<std::size_t>(i)];
            operand = random_like(of_extents(s.extents[static_cast<std::size_t>(i)]), source);
            if (i == s.ids)
                for (double& id : operand.v) id = static_cast<double>(source() % static_cast<unsigned>(s.classes));
        }
        whole.tokens = static_cast<double>(x[1].count());
        REQUIRE(s.on_arrays.value(whole, x, y));
        REQUIRE(y.count() == of_extents(s.result).count());
        dy = random_like(y, source);
        s.on_arrays.gradient(whole, x, dy, dx);
    }

    bool fuses() const { return of.is.fused != 0; }

    /// Each rank's operands; where the vocabulary is reduced inside, its logits side by side with its group's.
    struct parts {
        std::vector<arrays> x;
        std::vector<reference::context> context;
        locals y;
        bool ran = true;
    };

    parts run(std::vector<layout> const& in, random_source& source) const {
        parts p;
        int const ranks = ranks_of(in[0]);
        p.x.resize(static_cast<std::size_t>(ranks));
        p.context.assign(static_cast<std::size_t>(ranks), whole);
        for (int i = 0; i < of.is.operands; ++i) {
            auto const one = scatter(x[static_cast<std::size_t>(i)], in[static_cast<std::size_t>(i)], source);
            for (std::size_t r = 0; r < one.size(); ++r) p.x[r][static_cast<std::size_t>(i)] = one[r];
        }
        auto const unfused = p.x;
        for (int r = 0; r < ranks; ++r) {
            auto const at = static_cast<std::size_t>(r);
            auto const c = coordinates_of(in[0], r);
            if (of.ids == 0) p.context[at].first_row = in[1].offset(0, c.at);
            if (fuses()) p.x[at][0] = beside_its_group(unfused, in[0], r);
            array y_local;
            p.ran = p.ran && of.on_arrays.value(p.context[at], p.x[at], y_local);
            p.y.push_back(y_local);
        }
        return p;
    }

    static array beside_its_group(std::vector<arrays> const& all, layout const& in, int rank) {
        layout group = in;  // whole over the axes of the last dimension
        for (int a = 0; a < in.axes; ++a)
            if (in.on[a].is == kind::shard && in.on[a].dim == 2) group.on[a] = on_replicate;
        auto const mine = coordinates_of(in, rank);
        long extent[max_rank]{};
        for (int d = 0; d < in.rank; ++d) extent[d] = group.local(d);
        array wide = zeros(in.rank, extent);
        for (int r = 0; r < ranks_of(in); ++r) {
            auto const c = coordinates_of(in, r);
            bool member = true;
            for (int a = 0; a < in.axes; ++a) member = member && (group.on[a] != in.on[a] || c.at[a] == mine.at[a]);
            if (!member) continue;
            array const& part = all[static_cast<std::size_t>(r)][0];
            for_each_index(part, [&](long const* i, std::size_t n) {
                reference::e(wide, i[0], i[1], i[2] + in.offset(2, c.at)) = part.v[n];
            });
        }
        return wide;
    }

    /// Are the gradients right, given the gradient of the result in the dual of `out`?
    bool gradients(parts const& p, std::vector<layout> const& in, layout const& out, random_source& source) const {
        auto const dy_parts = scatter(dy, dual(out), source);
        std::vector<locals> dx_parts(static_cast<std::size_t>(of.is.operands));
        for (std::size_t r = 0; r < p.x.size(); ++r) {
            arrays one;
            of.on_arrays.gradient(p.context[r], p.x[r], dy_parts[r], one);
            if (fuses()) {
                layout columns = in[0];  // of the wide array, this rank's part of the last dimension
                for (int a = 0; a < columns.axes; ++a)
                    if (!(columns.on[a].is == kind::shard && columns.on[a].dim == 2)) columns.on[a] = on_replicate;
                one[0] = slice(one[0], local_extents(columns, one[0]), coordinates_of(in[0], static_cast<int>(r)));
            }
            for (std::size_t i = 0; i < dx_parts.size(); ++i) dx_parts[i].push_back(one[i]);
        }
        for (int i = 0; i < of.is.operands; ++i) {
            auto const at = static_cast<std::size_t>(i);
            if (!of.is.is_constant(i) && !assembles(dx_parts[at], dual(in[at]), dx[at])) return false;
        }
        return true;
    }
    static layout local_extents(layout x, array const& of_local) {
        for (int d = 0; d < x.rank; ++d) x.extent[d] = of_local.extent[d];
        return x;
    }
};

struct tally {
    int legal = 0, wrong_and_legal = 0, wrong = 0, right_but_refused = 0, skipped = 0;
    std::set<std::string> refused;
};

/// Is one axis alone enough to refuse these, by the subject's list?
bool listed(subject const& s, std::vector<layout> const& in) {
    for (int a = 0; a < in[0].axes; ++a) {
        std::string name;
        for (layout const& x : in) {
            placement p = x.on[a];
            p.order = 0;
            name += (name.empty() ? "" : " ") + text(p);
        }
        if (s.refused.count(name) > 0) return true;
    }
    return false;
}

/// All placements of all operands; of the illegal ones every `stride`-th.
tally examine(subject const& s, std::vector<int> const& axes, unsigned stride, random_source& source) {
    tally out;
    experiment const truth(s, source);
    std::vector<std::vector<layout>> choices;
    for (int i = 0; i < s.is.operands; ++i) choices.push_back(all_layouts(truth.x[static_cast<std::size_t>(i)], axes));
    auto const results = all_layouts(of_extents(s.result), axes);
    std::vector<std::size_t> at(choices.size(), 0);
    unsigned illegal = 0;
    for (bool more = true; more;) {
        std::vector<layout> in;
        std::string name;
        bool partial_constant = false;
        for (std::size_t i = 0; i < at.size(); ++i) {
            in.push_back(choices[i][at[i]]);
            if (((s.is.ids >> i) & 1U) != 0) in.back().type = dtype::i32;
            name += (i > 0 ? " " : "") + text(in.back());
            for (int a = 0; a < in.back().axes; ++a)
                partial_constant |= s.is.is_constant(static_cast<int>(i)) && in.back().on[a].is == kind::partial;
        }
        auto const verdict = infer(s.is, in.data());
        if (partial_constant) {
            CHECK(!verdict.says.legal());
        } else if (verdict.says.legal()) {
            ++out.legal;
            auto const parts = truth.run(in, source);
            bool const right = parts.ran && assembles(parts.y, verdict.result, truth.y) &&
                               truth.gradients(parts, in, verdict.result, source);
            out.wrong_and_legal += right ? 0 : 1;
            CHECK_MESSAGE(right, s.name << " " << name << " gives " << text(verdict.result) << ": legal and wrong");
        } else if (++illegal % stride != 0) {
            ++out.skipped;
        } else {
            auto const parts = truth.run(in, source);
            bool right = false;
            for (std::size_t k = 0; k < results.size() && parts.ran && !right; ++k)
                right = assembles(parts.y, results[k], truth.y) && truth.gradients(parts, in, results[k], source);
            ++(right ? out.right_but_refused : out.wrong);
            if (right) out.refused.insert(name);
            if (right && axes.size() > 1) CHECK_MESSAGE(listed(s, in), s.name << " " << name << ": right, and refused");
        }
        std::size_t i = 0;
        while (i < at.size() && ++at[i] == choices[i].size()) at[i++] = 0;
        more = i < at.size();
    }
    return out;
}

void print(char const* name, char const* axes, tally const& t) {
    std::printf("%-14s %-6s legal %4d, of which wrong %d; illegal: wrong %5d, right but refused %3d, not tried %6d\n",
                name, axes, t.legal, t.wrong_and_legal, t.wrong, t.right_but_refused, t.skipped);
}

}  // namespace

TEST_CASE("the reference's gradients agree with central differences") {
    random_source source(1);
    for (auto const& s : subjects) {
        experiment const truth(s, source);
        double const step = 1e-5;
        for (int i = 0; i < s.is.operands; ++i) {
            if (s.is.is_constant(i)) continue;
            auto const operand = static_cast<std::size_t>(i);
            for (int trial = 0; trial < 40; ++trial) {
                auto const n = source() % truth.x[operand].v.size();
                double difference = 0;
                for (double const sign : {1.0, -1.0}) {
                    arrays x = truth.x;
                    x[operand].v[n] += sign * step;
                    array y;
                    REQUIRE(s.on_arrays.value(truth.whole, x, y));
                    for (std::size_t k = 0; k < y.v.size(); ++k) difference += sign * y.v[k] * truth.dy.v[k];
                }
                CHECK(truth.dx[operand].v[n] == doctest::Approx(difference / (2 * step)).epsilon(1e-6).scale(1));
            }
        }
    }
}

TEST_CASE("one axis: every placement of every operand") {
    random_source source(2);
    for (auto const& s : subjects)
        for (int const n : {2, 3}) {
            auto const t = examine(s, {n}, 1, source);
            print(s.name, n == 2 ? "2" : "3", t);
            CHECK(t.legal > 0);
            CHECK(t.wrong > 0);
            CHECK(t.refused == s.refused);
        }
}

TEST_CASE("two axes: legal ones all, illegal ones all or every 11th") {
    random_source source(3);
    for (auto const& s : subjects) {
        auto const t = examine(s, {2, 3}, s.is.operands == 3 ? 11 : 1, source);
        print(s.name, "2 x 3", t);
        CHECK(t.legal > 0);
    }
}
