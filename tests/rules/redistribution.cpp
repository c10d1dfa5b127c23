// Each row of the redistribution table on numbers: the collective, rank by rank, forward and backward, on one axis and
// on two, ordered lists included. And every conversion path between two layouts, forward and backward.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include <shardtype/rules/conversion.hpp>

#include "steps.hpp"

namespace {

using namespace steps;

array whole(std::vector<long> const& extents, random_source& source) {
    return random_like(zeros(static_cast<int>(extents.size()), extents.data()), source);
}

}  // namespace

TEST_CASE("every redistribution of every layout, forward and backward; and every one that there is not") {
    random_source source(1);
    for (auto const& axes : std::vector<std::vector<int>>{{2}, {3}, {2, 3}, {2, 3, 2}}) {
        array const x = whole({12, axes.size() > 2 ? 12 : 6}, source);
        auto const t = examine(library_table(), x, axes, source);
        std::printf("redistributions on %d axes: legal %ld, wrong %ld, right but refused (for experts) %ld\n",
                    static_cast<int>(axes.size()), t.legal, t.wrong, t.refused);
        CHECK_MESSAGE(t.failures == 0, t.failures << " failures, the first: " << t.first);
        CHECK(t.legal > 0);
        CHECK(t.refused > 0);
        // The step by a table is the library's.
        for (layout const& from : all_layouts(x, axes))
            for (int axis = 0; axis < from.axes; ++axis)
                for (placement const to : targets(2))
                    for (bool const gradient : {false, true}) {
                        auto const mine = one_step(library_table(), from, axis, to, gradient);
                        auto const theirs = redistribute(from, axis, to, gradient);
                        CHECK(mine.legal == theirs.says.legal());
                        if (mine.legal) CHECK((mine.by == theirs.by && mine.result == theirs.result));
                    }
    }
}

TEST_CASE("a major axis gathered, scattered or moved as if it were the minor one is wrong") {
    random_source source(2);
    array const x = whole({12, 6}, source);
    int tried = 0;
    for (layout const& from : all_layouts(x, {2, 3}))
        for (int axis = 0; axis < 2; ++axis) {
            if (from.on[axis].is != kind::shard || from.on[axis].order == from.shards(from.on[axis].dim) - 1) continue;
            layout claimed = from;
            claimed.on[axis] = on_replicate;
            claimed.on[1 - axis].order = 0;
            CHECK(redistribute(from, axis, on_replicate).says.what == code::not_minor_axis);
            auto const parts = apply(collective::all_gather, scatter(x, from, source), from, axis, on_replicate);
            CHECK_FALSE(assembles(parts, claimed, x));
            ++tried;
        }
    CHECK(tried == 4);
}

TEST_CASE("bytes: ring costs, the sum of forward and backward") {
    random_source source(4);
    layout x = layout_of(whole({12, 6}, source), {3});  // 576 bytes unsharded
    x.on[0] = on_partial;
    CHECK(redistribution_bytes(x, 0, on_invariant) == doctest::Approx(2 * 2.0 / 3 * 576));
    CHECK(redistribution_bytes(x, 0, on_replicate) == doctest::Approx(4 * 2.0 / 3 * 576));
    CHECK(redistribution_bytes(x, 0, on_shard(0)) == doctest::Approx(2 * 2.0 / 3 * 576));
    x.on[0] = on_shard(0);
    CHECK(redistribution_bytes(x, 0, on_replicate) == doctest::Approx(2 * 2.0 / 3 * 576));
    CHECK(redistribution_bytes(x, 0, on_invariant) == doctest::Approx(2.0 / 3 * 576));
    CHECK(redistribution_bytes(x, 0, on_shard(1)) == doctest::Approx(2 * 2.0 / 9 * 576));
    x.on[0] = on_invariant;
    CHECK(redistribution_bytes(x, 0, on_replicate) == doctest::Approx(2 * 2.0 / 3 * 576));
    CHECK(redistribution_bytes(x, 0, on_shard(0)) == doctest::Approx(2.0 / 3 * 576));
    x.on[0] = on_replicate;
    CHECK(redistribution_bytes(x, 0, on_shard(0)) == 0);
}

namespace {

/// The path of a conversion, run rank by rank, forward on x and backward on dy.
void check_path(layout const& from, layout const& to, array const& x, array const& dy, random_source& source) {
    auto const path = convert(from, to);
    auto const name = text(from) + " to " + text(to);
    REQUIRE_MESSAGE(path.says.legal(), name);
    auto parts = scatter(x, from, source);
    layout now = from;
    for (int h = 0; h < path.hops; ++h) {
        auto const step = redistribute(now, path.path[h].axis, path.path[h].to);
        parts = apply(step.by, parts, now, path.path[h].axis, path.path[h].to);
        now = step.result;
    }
    CHECK_MESSAGE(assembles(parts, to, x), name);
    parts = scatter(dy, dual(to), source), now = dual(to);
    for (int h = path.hops - 1; h >= 0; --h) {
        auto const step = redistribute(now, path.path[h].axis, dual(path.path[h].from), true);
        REQUIRE_MESSAGE(step.says.legal(), name);
        parts = apply(step.by, parts, now, path.path[h].axis, dual(path.path[h].from));
        now = step.result;
    }
    CHECK_MESSAGE(assembles(parts, dual(from), dy), name << ": wrong gradient");
}

}  // namespace

TEST_CASE("every conversion between two layouts on 2 x 3, forward and backward") {
    random_source source(5);
    array const x = whole({12, 6}, source), dy = whole({12, 6}, source);
    auto const all = all_layouts(x, {2, 3});
    for (layout const& from : all)
        for (layout const& to : all) check_path(from, to, x, dy, source);
    std::printf("conversions on 2 x 3: %zu\n", all.size() * all.size());
}

TEST_CASE("conversions on four axes, where the search has no room for all: a sample, and replicate to invariant") {
    random_source source(6);
    array const x = whole({16, 16}, source), dy = whole({16, 16}, source);
    auto const all = all_layouts(x, {2, 2, 2, 2});
    for (int i = 0; i < 600; ++i) check_path(all[source() % all.size()], all[source() % all.size()], x, dy, source);
    layout from = layout_of(x, {2, 2, 2, 2}), to = from;
    for (int a = 0; a < 4; ++a) from.on[a] = on_replicate;
    check_path(from, to, x, dy, source);
    for (int a = 0; a < 4; ++a) from.on[a] = on_partial;
    check_path(to, from, x, dy, source);
}

namespace {

/// The least bytes and, at those, the least peak memory from one layout to every other, by relaxing every one-axis
/// redistribution until nothing improves: all sequences of all lengths, without an order of search.
struct cheapest {
    std::vector<layout> known;
    std::vector<double> bytes, peak;

    std::size_t find(layout const& x) {
        std::size_t i = 0;
        while (i < known.size() && !(known[i] == x)) ++i;
        if (i == known.size()) known.push_back(x), bytes.push_back(1e300), peak.push_back(1e300);
        return i;
    }
    explicit cheapest(layout const& from) {
        bytes[find(from)] = 0, peak[0] = 0;
        for (bool changed = true; changed;) {
            changed = false;
            for (std::size_t i = 0; i < known.size(); ++i)
                for (int a = 0; a < from.axes; ++a)
                    for (placement const to : targets(from.rank)) {
                        auto const step = redistribute(known[i], a, to);
                        if (!step.says.legal() || step.result == known[i]) continue;
                        std::size_t const j = find(step.result);
                        double const b = bytes[i] + redistribution_bytes(known[i], a, to);
                        bool const over_itself = step.by == collective::none || step.by == collective::all_reduce ||
                                                 step.by == collective::mask;
                        long const result = over_itself ? 0 : step.result.local_bytes();
                        double const p = std::max(peak[i], static_cast<double>(known[i].local_bytes() + result));
                        double const rounding = 1e-9 * (1 + b);
                        if (b < bytes[j] - rounding || (b < bytes[j] + rounding && p < peak[j]))
                            bytes[j] = std::min(b, bytes[j]), peak[j] = p, changed = true;
                    }
        }
    }
};

void compare(std::vector<long> const& extents, std::vector<int> const& axes, std::size_t stride,
             random_source& source) {
    array const x = whole(extents, source), dy = whole(extents, source);
    cheapest const all(layout_of(x, axes));
    long pairs = 0, several = 0;
    for (std::size_t s = 0; s < all.known.size(); s += stride) {
        layout const& from = all.known[s];
        cheapest const truth(from);
        CHECK(truth.known.size() == all.known.size());  // everything can be reached from everywhere
        for (std::size_t t = 0; t < truth.known.size(); ++t) {
            layout const& to = truth.known[t];
            auto const path = convert(from, to);
            auto const name = text(from) + " to " + text(to);
            REQUIRE_MESSAGE(path.says.legal(), name);
            CHECK(path.exact);
            CHECK_MESSAGE(path.bytes == doctest::Approx(truth.bytes[t]).epsilon(1e-9).scale(1), name);
            CHECK_MESSAGE(static_cast<double>(path.peak_bytes) == truth.peak[t], name);
            ++pairs, several += path.hops > 1 ? 1 : 0;
        }
    }
    std::printf("cheapest paths on %d axes: %ld layouts, %ld pairs, %ld of several hops\n",
                static_cast<int>(axes.size()), static_cast<long>(all.known.size()), pairs, several);
    CHECK(pairs > 0);
}

}  // namespace

TEST_CASE("a conversion is the cheapest of all sequences: one, two and three axes") {
    random_source source(6);
    compare({12, 6}, {3}, 1, source);
    compare({12, 6, 4}, {2}, 1, source);
    compare({12, 6}, {2, 3}, 1, source);
    compare({24, 12}, {2, 3, 2}, 1, source);
}
