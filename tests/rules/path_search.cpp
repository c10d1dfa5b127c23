// The search for a conversion against a plain relaxation over all layouts that `redistribute` reaches: the same bytes with
// the same price of collectives, the same peak; uneven parts and axes of one device too.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <tuple>

#include <shardtype/rules/conversion.hpp>

#include "simulator.hpp"

namespace {

using namespace simulator;

struct way {
    double cost = 0;  // bytes of one device, with the price of collectives
    long peak = 0;
    int hops = 0;

    bool beats(way const& b) const {
        double const rounding = 1e-13 * (1 + cost + b.cost);
        if (std::fabs(cost - b.cost) > rounding) return cost < b.cost;
        return std::tie(peak, hops) < std::tie(b.peak, b.hops);
    }
};

double sent(collective by, double whole, int n, long price) {
    bool const moves = n > 1 && bytes_sent(by, 1, n) > 0;
    return bytes_sent(by, whole, n) + (moves ? static_cast<double>(price) : 0);
}

/// The cheapest way, by relaxing every hop until nothing gets cheaper.
way relaxed(layout const& from, layout const& to, bool differentiable, long price) {
    std::map<unsigned, std::pair<layout, way>> known{{detail::packed(from), {from, {}}}};
    std::vector<unsigned> open{detail::packed(from)};
    while (!open.empty()) {
        auto const [x, so_far] = known.at(open.back());
        open.pop_back();
        if (so_far.hops == conversion::max_hops) continue;
        for (int a = 0; a < x.axes; ++a) {
            std::vector<placement> next{on_invariant, on_replicate, on_partial};
            for (int d = 0; d < x.rank; ++d) next.push_back(on_shard(d));
            if (to.on[a].padded) next.push_back(on_padded_shard(to.on[a].dim));
            for (placement const& p : next) {
                redistribution const hop = redistribute(x, a, p);
                if (!hop.says.legal() || hop.result == x) continue;
                if (hop.result.on[a].padded && !(hop.result.on[a] == to.on[a])) continue;  // only where it ends
                redistribution const back = redistribute(dual(hop.result), a, dual(x.on[a]), true);
                layout const& part = x.on[a].is == kind::shard ? x : hop.result;
                int const n = x.axis_size[a];
                double const whole = static_cast<double>(part.local_bytes()) * (part.on[a].is == kind::shard ? n : 1);
                way w = so_far;
                w.cost += sent(hop.by, whole, n, price) + (differentiable ? sent(back.by, whole, n, price) : 0);
                w.peak = std::max(w.peak, x.local_bytes() + (in_place(hop.by) ? 0 : hop.result.local_bytes()));
                ++w.hops;
                auto const at = known.find(detail::packed(hop.result));
                if (at != known.end() && !w.beats(at->second.second)) continue;
                known[detail::packed(hop.result)] = {hop.result, w};
                open.push_back(detail::packed(hop.result));
            }
        }
    }
    return known.at(detail::packed(to)).second;
}

struct generator {
    std::mt19937 random;

    int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
    layout shape() {
        layout x;
        long const extents[] = {8, 12, 24, 7, 64, 4096};
        x.rank = 1 + below(3), x.axes = 1 + below(3);
        for (int d = 0; d < x.rank; ++d) x.extent[d] = extents[below(6)];
        for (int a = 0; a < x.axes; ++a) x.axis_size[a] = 1 + below(4);
        return x;
    }
    layout placed_anyhow(layout x) {
        std::vector<int> order;
        for (int a = 0; a < x.axes; ++a) order.insert(order.begin() + below(a + 1), a);
        for (int a : order) {
            int const which = below(3 + x.rank);
            if (which < 3) x.on[a] = std::vector<placement>{on_invariant, on_replicate, on_partial}[std::size_t(which)];
            if (which >= 3) x = placed(x, a, below(3) == 0 ? on_padded_shard(which - 3) : on_shard(which - 3));
        }
        return x;
    }
};

}  // namespace

TEST_CASE("the way that is found is the cheapest of all") {
    generator g{std::mt19937(5)};
    long pairs = 0, padded = 0, several = 0, longer = 0;
    while (pairs < 2500) {
        layout const shape = g.shape(), from = g.placed_anyhow(shape), to = g.placed_anyhow(shape);
        bool const differentiable = g.below(2) == 0;
        long const price = g.below(3) == 0 ? 0 : 1L << g.below(17);
        if (fault_of(from).what != code::ok || fault_of(to).what != code::ok || from == to) continue;
        detail::path_search search(from, differentiable, price);
        int const end = search.run(detail::packed(to));
        INFO(text(from) << " to " << text(to) << (differentiable ? "" : ", a constant") << ", a collective costs "
                        << price);
        REQUIRE(end >= 0);
        auto const& found = search.nodes[end].cost;
        way const least = relaxed(from, to, differentiable, price);
        auto const devices = static_cast<double>(search.costs.devices);
        double const cost = static_cast<double>(found.bytes + found.price) / devices;
        REQUIRE(cost == doctest::Approx(least.cost).epsilon(1e-9));
        REQUIRE(found.peak == least.peak);
        REQUIRE(found.hops >= least.hops);
        ++pairs, padded += to.padded_axis() >= 0 || from.padded_axis() >= 0 ? 1 : 0, several += found.hops > 2 ? 1 : 0;
        longer += found.hops > least.hops ? 1 : 0;
    }
    std::printf("ways: %ld, %ld of them with padding, %ld of more than two hops, %ld with a hop too many\n", pairs,
                padded, several, longer);
    // One way is kept to each layout, the one with less memory: one with fewer hops may have ended alike.
    CHECK(longer * 200 < pairs);
    CHECK(padded > 200);
    CHECK(several > 500);
}
