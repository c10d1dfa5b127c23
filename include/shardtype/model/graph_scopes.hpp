#pragma once

#include <shardtype/model/graph_values.hpp>
#include <shardtype/model/nearest_name.hpp>
#include <shardtype/model/strategy.hpp>

namespace shardtype {

/// The layers that a graph is read from: named ones with strategies of their own, and repeats.
struct graph_scopes : graph_values {
    model_strategy strategy{};  ///< of all layers
    placement_policy policy{};  ///< of the layer being read
    trip_range trips{};         ///< of the open repeat
    short loops = 0;            ///< how many repeats there were
    short regions = 0;          ///< how many there were to be recomputed
    unsigned named = 0;         ///< exceptions of the strategy that named a layer so far

    /// What a layer's scope changes, to be put back.
    struct outside {
        int name = 0;               ///< length of the scope
        placement_policy policy{};  ///< of the layers around
        short region = 0;           ///< open around
    };
    /// Begins a layer of this name: its strategy holds until `close_scope`.
    constexpr outside open_scope(char const* name, bool trip = false) {
        outside const was{scope.size, policy, region};
        scope.append(name);
        if (strategy.exceptions > 0) policy = strategy.within(policy, scope, trips, named);
        if (policy.twice >= 0) fail(code::roles_of_axes, policy.twice);
        bool const begins = trip || (!was.policy.recomputes && region == 0);
        if (!policy.recomputes)
            region = 0;
        else if (begins)
            region = ++regions;
        return was;
    }
    /// Ends it.
    constexpr void close_scope(outside const& was) {
        if (!ok()) return;  // the scope tells where
        scope.truncate(was.name);
        policy = was.policy;
        if (region != was.region) region = was.region == 0 ? short{0} : ++regions;
    }

    /// No exception of the strategy names trips from `count` on of the repeat called `scope`. [ST-S618]
    constexpr void check_trips(int count) {
        for (int e = 0; e < strategy.exceptions && ok(); ++e) {
            label const& named_so = strategy.except[e].layers;
            if (detail::trips_named(named_so, scope).end <= count) continue;
            instead.name = detail::of_trips(detail::of_any_trip(named_so), named_so, count);
            fail_unknown(e);
        }
    }
    /// Exception e of the strategy names no layer. [ST-S618]
    constexpr void fail_unknown(int e) { fail(code::layers_unknown, 0, strategy.except[e].layers); }

    /// Opens a loop over the equal layers `of`; returns what its body reads.
    constexpr short loop_begin(short x, trip_range of) {
        if (!ok()) return -1;
        if (loop != 0) return fail(code::nested_repeat);
        if (of.end <= of.first || of.end > 32000) return fail(code::trips_of_repeat);
        if (!take(x)) return -1;
        trips = of;
        loop = ++loops;
        short const in = value(at(x), true);
        if (in < 0) return -1;
        node& n = add_node<graph_operation::loop_begin>();
        n.in[0] = x, n.out = in, n.number = of.end - of.first, n.first_layer = of.first;
        return in;
    }
    /// The same for layers counted from 0.
    constexpr short loop_begin(short x, int count) { return loop_begin(x, trip_range{0, count}); }
    /// Closes it: the body's result y is the next trip's input, and after the last trip the loop's result.
    constexpr short loop_end(short x, short in, short y) {
        if (!ok()) return -1;
        if (!take(y)) return -1;
        for (int a = 0; a < policy.axes; ++a)
            if (!(at(x).on[a] == at(y).on[a])) return fail(code::repeat_changes_layout, a);
        if (!(at(x) == at(y))) return fail(code::repeat_changes_layout, 0);
        loop = 0;
        short const z = value(at(y), true);
        if (z < 0) return -1;
        node& n = add_node<graph_operation::loop_end>();
        n.in[0] = y, n.in[1] = x, n.in[2] = in, n.out = z, n.number = trips.end - trips.first,
        n.first_layer = trips.first;
        trips = {};
        return z;
    }
};

}  // namespace shardtype
