// Each row of the redistribution table on numbers: the collective, rank by rank, forward and backward, on one axis and
// on two, ordered lists included. And every conversion path between two layouts, forward and backward.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>

#include <shardtype/rules/conversion.hpp>

#include "simulator.hpp"

namespace {

using namespace simulator;

/// The ranks that differ from `rank` on `axis` alone, in the order of their coordinates there.
std::vector<std::size_t> group(layout const& x, int rank, int axis) {
    std::vector<std::size_t> out;
    auto c = coordinates_of(x, rank);
    for (c.at[axis] = 0; c.at[axis] < x.axis_size[axis]; ++c.at[axis])
        out.push_back(static_cast<std::size_t>(rank_at(x, c)));
    return out;
}

/// Copies src into dst, along `dim` from `from` of src to `to` of dst, `n` long.
void copy(array const& src, array& dst, int dim, long from, long to, long n) {
    for_each_index(src, [&](long const* i, std::size_t at) {
        long const along = dim < 0 ? 0 : i[dim] - from;
        if (along < 0 || along >= n) return;
        long j[max_rank]{i[0], i[1], i[2], i[3]};
        j[dim] = along + to;
        dst.v[static_cast<std::size_t>(dst.at(j))] = src.v[at];
    });
}
array resized(array const& x, int dim, long extent) {
    long e[max_rank]{};
    for (int d = 0; d < x.rank; ++d) e[d] = d == dim ? extent : x.extent[d];
    return zeros(x.rank, e);
}

locals sum(locals const& x, layout const& l, int axis) {
    locals y = x;
    for (std::size_t r = 0; r < x.size(); ++r) {
        for (double& e : y[r].v) e = 0;
        for (auto const g : group(l, static_cast<int>(r), axis))
            for (std::size_t n = 0; n < y[r].v.size(); ++n) y[r].v[n] += x[g].v[n];
    }
    return y;
}
locals gather(locals const& x, layout const& l, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        long const part = x[r].extent[dim];
        y.push_back(resized(x[r], dim, part * l.axis_size[axis]));
        long to = 0;
        for (auto const g : group(l, static_cast<int>(r), axis)) copy(x[g], y[r], dim, 0, to, part), to += part;
    }
    return y;
}
locals cut(locals const& x, layout const& l, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        long const part = x[r].extent[dim] / l.axis_size[axis];
        y.push_back(resized(x[r], dim, part));
        copy(x[r], y[r], dim, coordinates_of(l, static_cast<int>(r)).at[axis] * part, 0, part);
    }
    return y;
}

/// What the collective does to every rank's array. x: the layout before.
locals apply(collective by, locals const& in, layout const& x, int axis, placement to) {
    int const from = x.on[axis].dim;
    switch (by) {
        case collective::none:
            return in;
        case collective::all_reduce:
            return sum(in, x, axis);
        case collective::all_gather:
            return gather(in, x, axis, from);
        case collective::reduce_scatter:
            return cut(sum(in, x, axis), x, axis, to.dim);
        case collective::all_to_all:
            return cut(gather(in, x, axis, from), x, axis, to.dim);
        case collective::slice:
            return cut(in, x, axis, to.dim);
        case collective::zero_pad: {
            locals y;
            for (std::size_t r = 0; r < in.size(); ++r) {
                long const part = in[r].extent[from];
                y.push_back(resized(in[r], from, part * x.axis_size[axis]));
                copy(in[r], y[r], from, 0, coordinates_of(x, static_cast<int>(r)).at[axis] * part, part);
            }
            return y;
        }
        case collective::mask:
            break;
    }
    locals y = in;
    for (std::size_t r = 0; r < y.size(); ++r)
        if (coordinates_of(x, static_cast<int>(r)).at[axis] != 0)
            for (double& e : y[r].v) e = 0;
    return y;
}

std::vector<placement> targets(int rank) {
    std::vector<placement> out{on_invariant, on_replicate, on_partial};
    for (int d = 0; d < rank; ++d) out.push_back(on_shard(d));
    return out;
}

array whole(std::vector<long> const& extents, random_source& source) {
    return random_like(zeros(static_cast<int>(extents.size()), extents.data()), source);
}

void examine(std::vector<int> const& axes, random_source& source) {
    int legal = 0, refused = 0;
    array const x = whole({12, 6}, source), dy = whole({12, 6}, source);
    for (layout const& from : all_layouts(x, axes))
        for (int axis = 0; axis < from.axes; ++axis)
            for (placement const to : targets(2)) {
                auto const step = redistribute(from, axis, to);
                auto const name = text(from) + " axis " + std::to_string(axis) + " to " + text(to);
                if (!step.says.legal()) {
                    ++refused;
                    continue;
                }
                ++legal;
                auto const parts = apply(step.by, scatter(x, from, source), from, axis, to);
                CHECK_MESSAGE(assembles(parts, step.result, x), name);
                auto const back = redistribute(dual(step.result), axis, dual(from.on[axis]), true);
                REQUIRE_MESSAGE(back.says.legal(), name << ": no backward");
                CHECK_MESSAGE(back.result == dual(from), name << ": the backward ends elsewhere");
                auto const gradient = scatter(dy, dual(step.result), source);
                auto const dx = apply(back.by, gradient, dual(step.result), axis, dual(from.on[axis]));
                CHECK_MESSAGE(assembles(dx, dual(from), dy), name << ": wrong gradient");
            }
    std::printf("redistributions on %d axes: legal %d, refused %d\n", static_cast<int>(axes.size()), legal, refused);
    CHECK(legal > 0);
}

}  // namespace

TEST_CASE("every redistribution of every layout, forward and backward") {
    random_source source(1);
    examine({2}, source);
    examine({3}, source);
    examine({2, 3}, source);
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

TEST_CASE("what the table refuses on one axis: wrong, or right and for experts only") {
    // R to I and I to P are each other's backward, S to P slices backward: right, free, and seldom what is meant.
    struct row {
        kind from, to;
        collective forward, backward;
    };
    row const experts[] = {{kind::replicate, kind::invariant, collective::none, collective::mask},
                           {kind::invariant, kind::partial, collective::mask, collective::none},
                           {kind::shard, kind::partial, collective::zero_pad, collective::slice}};
    random_source source(3);
    array const x = whole({12, 6}, source), dy = whole({12, 6}, source);
    int refused = 0, known = 0;
    for (layout const& from : all_layouts(x, {3}))
        for (placement const to : targets(2)) {
            auto const step = redistribute(from, 0, to);
            if (step.says.legal()) continue;
            CHECK(step.says.what == code::no_conversion);
            ++refused;
            layout result = from;
            result.on[0] = to;
            for (auto const& e : experts)
                if (e.from == from.on[0].is && e.to == to.is) {
                    ++known;
                    CHECK(assembles(apply(e.forward, scatter(x, from, source), from, 0, to), result, x));
                    auto const gradient = scatter(dy, dual(result), source);
                    auto const dx = apply(e.backward, gradient, dual(result), 0, dual(from.on[0]));
                    CHECK(assembles(dx, dual(from), dy));
                }
        }
    CHECK(refused == known);
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

TEST_CASE("every conversion path between two layouts on 2 x 3, forward and backward") {
    random_source source(5);
    array const x = whole({12, 6}, source), dy = whole({12, 6}, source);
    auto const all = all_layouts(x, {2, 3});
    int legal = 0, refused = 0;
    for (layout const& from : all)
        for (layout const& to : all) {
            auto const path = convert(from, to);
            if (!path.says.legal()) {
                ++refused;
                continue;
            }
            ++legal;
            auto const name = text(from) + " to " + text(to);
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
    std::printf("conversions on 2 x 3: legal %d, refused %d\n", legal, refused);
    CHECK(legal > 0);
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
                        double const p =
                            std::max(peak[i], static_cast<double>(known[i].local_bytes() + step.result.local_bytes()));
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
