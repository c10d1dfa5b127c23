// The ways that `convert` knows without a search are those that the search finds: the same hops, bytes and peak, for
// all pairs of layouts on one, two and three axes.

#include <doctest/doctest.h>

#include <cstdio>

#include <shardtype/rules/conversion.hpp>

#include "simulator.hpp"

namespace {

using namespace simulator;

bool same(conversion const& a, conversion const& b) {
    bool equal = a.says.what == b.says.what && a.hops == b.hops && a.bytes == b.bytes && a.peak_bytes == b.peak_bytes &&
                 a.exact == b.exact;
    for (int h = 0; equal && h < a.hops; ++h)
        equal = a.path[h].axis == b.path[h].axis && a.path[h].from == b.path[h].from && a.path[h].to == b.path[h].to &&
                a.path[h].by == b.path[h].by;
    return equal;
}

struct counts {
    long pairs = 0, known = 0, of_several_hops = 0, wrong = 0;
};

counts compare(std::vector<long> const& extents, std::vector<int> const& axes) {
    array shape;
    shape.rank = static_cast<int>(extents.size());
    for (std::size_t d = 0; d < extents.size(); ++d) shape.extent[d] = extents[d];
    auto all = all_layouts(shape, axes);
    for (std::size_t i = 0, even = all.size(); i < even; ++i)
        for (int a = 0; a < all[i].axes; ++a) {
            layout const padded = placed(all[i], a, on_padded_shard(0));
            if (padded.padded(0) && fault_of(padded).what == code::ok) all.push_back(padded);
        }
    counts n;
    for (layout const& from : all)
        for (layout const& to : all)
            for (bool const differentiable : {true, false}) {
                ++n.pairs;
                detail::direct_way const way(from, to, differentiable);
                if (!way.known) continue;
                ++n.known, n.of_several_hops += way.hops > 1 ? 1 : 0;
                for (long const price : {0L, 1L, conversion::usual_hop_bytes}) {
                    conversion searched;
                    detail::searched_path(searched, from, to, differentiable, price);
                    bool const right = same(convert(from, to, differentiable, price), searched);
                    if (!right && n.wrong++ == 0)
                        MESSAGE(text(from) << " to " << text(to) << (differentiable ? "" : ", a constant"));
                }
            }
    CHECK(n.wrong == 0);
    return n;
}

}  // namespace

TEST_CASE("what is known without a search is what the search finds") {
    counts sum;
    for (auto const& extents : std::vector<std::vector<long>>{{24}, {12, 36}, {48, 24, 12}, {1024, 512}, {6, 4, 12, 8}})
        for (auto const& axes : std::vector<std::vector<int>>{
                 {1}, {2}, {3}, {8}, {2, 2}, {2, 3}, {3, 2}, {4, 2}, {1, 4}, {8, 8}, {2, 2, 2}, {2, 3, 2}, {4, 2, 3}}) {
            counts const n = compare(extents, axes);
            sum.pairs += n.pairs, sum.known += n.known, sum.of_several_hops += n.of_several_hops;
        }
    counts const large = compare({8, 8, 8}, {2, 2, 2});
    sum.pairs += large.pairs, sum.known += large.known, sum.of_several_hops += large.of_several_hops;
    std::printf("direct ways: %ld of %ld pairs, %ld of several hops\n", sum.known, sum.pairs, sum.of_several_hops);
    CHECK(sum.of_several_hops > 0);
}

TEST_CASE("a model's own conversions are known without a search") {
    auto const known = [](std::initializer_list<placement> from, std::initializer_list<placement> to) {
        layout x;
        x.rank = 2, x.axes = 2;
        for (int d = 0; d < 2; ++d) x.extent[d] = 4096, x.axis_size[d] = 8;
        layout y = x;
        int a = 0, b = 0;
        for (placement const p : from) x.on[a++] = p;
        for (placement const p : to) y.on[b++] = p;
        return detail::direct_way(x, y, true).known;
    };
    placement const minor{kind::shard, 0, 1};
    CHECK(known({on_shard(0), on_shard(1)}, {on_replicate, on_shard(1)}));    // a weight of FSDP and tensor parallelism
    CHECK(known({minor, on_shard(0)}, {on_replicate, on_shard(0)}));          // the same, of one dimension
    CHECK(known({on_shard(0), minor}, {on_replicate, on_replicate}));         // of FSDP over both axes
    CHECK(known({on_shard(0), on_invariant}, {on_replicate, on_replicate}));  // a norm's weight beside a sequence
    CHECK(known({on_shard(0), on_shard(1)}, {on_shard(0), on_replicate}));    // activations: into the tensor region
    CHECK(known({on_shard(0), on_invariant}, {on_shard(0), on_replicate}));   // the same, of whole sequences
    CHECK(known({on_shard(0), on_partial}, {on_shard(0), on_shard(1)}));      // out of it
    CHECK(known({on_shard(0), on_partial}, {on_shard(0), on_invariant}));     // the same
    CHECK_FALSE(known({on_shard(0), on_shard(1)}, {on_replicate, on_replicate}));   // in either order
    CHECK_FALSE(known({on_shard(0), on_invariant}, {on_replicate, on_invariant}));  // large ones are sliced before
}

TEST_CASE("no way leads from a layout with a fault, however short it is") {
    array rows;
    rows.rank = 2, rows.extent[0] = 7, rows.extent[1] = 8;
    layout whole = all_layouts(rows, {2, 2}).front();
    for (int a = 0; a < 2; ++a) whole.on[a] = on_replicate;
    layout uneven = whole, beyond = whole;
    uneven.on[0] = on_shard(0);
    beyond.on[1] = on_shard(3);
    for (layout const& from : {uneven, beyond})
        for (bool const differentiable : {false, true}) {
            layout_fault const fault = fault_of(from);
            REQUIRE(fault.what != code::ok);
            for (layout to : {whole, placed(whole, 1, on_shard(1))}) {
                conversion const none = convert(from, to, differentiable);
                CHECK(none.says.what == fault.what);
                CHECK(none.says.axis == fault.axis);
                CHECK(none.hops == 0);
            }
        }
}

TEST_CASE("shards padded twice, of fewer elements than parts, are refused or gathered") {
    array one;
    one.rank = 1, one.extent[0] = 4;
    layout whole = all_layouts(one, {8, 1}).front();
    for (int a = 0; a < 2; ++a) whole.on[a] = on_invariant;
    layout const minor = placed(placed(whole, 0, on_padded_shard(0)), 1, on_padded_shard(0));
    layout both = minor;  // not as any function here writes it
    both.on[0].padded = true;
    REQUIRE(fault_of(minor).what == code::not_divisible);
    for (bool const differentiable : {false, true}) {
        CHECK(convert(minor, whole, differentiable).says.what == code::not_divisible);
        CHECK(convert(whole, minor, differentiable).says.what == code::not_divisible);
        conversion const gathered = convert(both, whole, differentiable);
        CHECK(gathered.says.legal());
        layout now = both;
        for (int h = 0; h < gathered.hops; ++h)
            now = redistribute(now, gathered.path[h].axis, gathered.path[h].to).result;
        CHECK(now == whole);
        CHECK_FALSE(convert(whole, both, differentiable).says.legal());
    }
}
