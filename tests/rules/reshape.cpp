// Reshape moves no data: each rank's elements stay where they are. Is the layout that the rule gives the right reading
// of them, and is what it refuses wrong?

#include <doctest/doctest.h>

#include <cstdio>

#include <shardtype/rules/reshaping.hpp>

#include "simulator.hpp"

namespace {

using namespace simulator;

struct pair {
    std::vector<long> from, to;
};
pair const pairs[] = {
    {{6, 6, 4}, {36, 4}},
    {{36, 4}, {6, 6, 4}},
    {{6, 36}, {6, 6, 6}},
    {{6, 6, 6}, {6, 36}},
    {{6, 12}, {12, 6}},
    {{1, 12}, {12}},
    {{12}, {1, 12}},
    {{12, 6}, {12, 6}},
    {{6, 6, 12}, {6, 6, 6, 2}},
    {{6, 6, 6, 2}, {6, 6, 12}},
    {{1, 6, 12}, {6, 12, 1}},
    {{4, 9}, {9, 4}},
    {{6, 4, 6}, {4, 36}},
    {{6, 8}, {2, 3, 8}},
    {{12, 2}, {3, 4, 2}},
    {{36}, {6, 6}},
    {{2, 3, 8}, {6, 8}},
    {{3, 4, 2}, {12, 2}},
    {{2, 3, 2}, {3, 4}},
    {{2, 18}, {36}},
    {{6}, {2, 3}},
};

array of_extents(std::vector<long> const& extents) { return zeros(static_cast<int>(extents.size()), extents.data()); }

/// The same elements under the local extents of `y`.
locals reinterpreted(locals const& parts, layout const& y) {
    locals out;
    for (array const& part : parts) {
        long extent[max_rank]{};
        for (int d = 0; d < y.rank; ++d) extent[d] = y.local(d);
        out.push_back(zeros(y.rank, extent));
        if (out.back().v.size() == part.v.size()) out.back().v = part.v;
    }
    return out;
}

}  // namespace

TEST_CASE("reshape: every layout of every pair of shapes on one axis, on two and on three") {
    random_source source(1);
    for (auto const& axes : std::vector<std::vector<int>>{{1}, {2}, {3}, {2, 3}, {3, 2}, {1, 2}, {2, 3, 2}}) {
        int legal = 0, wrong = 0;
        for (auto const& shapes : pairs) {
            array const x = random_like(of_extents(shapes.from), source);
            array y = of_extents(shapes.to);
            y.v = x.v;
            auto const results = all_layouts(y, axes);
            for (layout const& from : all_layouts(x, axes)) {
                auto const verdict = reshape(from, static_cast<int>(shapes.to.size()), shapes.to.data());
                auto const parts = scatter(x, from, source);
                auto const name = text(from);
                if (verdict.says.legal()) {
                    ++legal;
                    // Each rank holds what it held, so the gradient, which goes back the same way, is right as well.
                    CHECK_MESSAGE(assembles(reinterpreted(parts, verdict.result), verdict.result, y), name);
                    for (int a = 0; a < from.axes; ++a) CHECK(verdict.result.on[a].is == from.on[a].is);
                    auto const back =
                        reshape(dual(verdict.result), static_cast<int>(shapes.from.size()), shapes.from.data());
                    CHECK_MESSAGE(back.says.legal(), name << ": no backward");
                } else {
                    ++wrong;
                    for (layout const& to : results) {
                        bool const right = assembles(reinterpreted(parts, to), to, y);
                        CHECK_MESSAGE(!right, name << " is right as " << text(to) << ", and refused");
                    }
                }
            }
        }
        std::printf("reshape on %d axes: legal %d, wrong %d, right but refused 0\n", static_cast<int>(axes.size()),
                    legal, wrong);
        CHECK((wrong > 0 || axes == std::vector<int>{1}));
    }
}

TEST_CASE("6 rows over axes of 2 and 3 are a 2 x 3 with an axis each, and the reverse") {
    layout x;
    x.rank = 1, x.axes = 2, x.extent[0] = 6, x.axis_size[0] = 2, x.axis_size[1] = 3;
    x = placed(placed(x, 0, on_shard(0)), 1, on_shard(0));
    long const two[] = {2, 3}, one[] = {6};
    auto const split = reshape(x, 2, two);
    CHECK(split.says.legal());
    CHECK(text(split.result) == "S(0) S(1)");
    CHECK(reshape(split.result, 1, one).result == x);
}

TEST_CASE("[b, s, h] sharded on s and merged to [b s, h] divides evenly and is wrong") {
    random_source source(2);
    long const extent[] = {2, 4, 3}, merged[] = {8, 3};
    array const x = random_like(zeros(3, extent), source);
    layout from = layout_of(x, {2});
    from.on[0] = on_shard(1);
    CHECK(reshape(from, 2, merged).says.what == code::reshape_of_shard);
    array y = zeros(2, merged);
    y.v = x.v;
    layout to = layout_of(y, {2});
    to.on[0] = on_shard(0);
    CHECK_FALSE(assembles(reinterpreted(scatter(x, from, source), to), to, y));
}
