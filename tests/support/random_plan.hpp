#pragma once

#include <random>
#include <string>

#include "hand_made_plan.hpp"

namespace hand_made {

/// Plans with all that a saved plan has to carry, drawn at random.
class random_plans {
  public:
    explicit random_plans(unsigned seed) : random_(seed) {}

    st::model_plan next() {
        st::model_plan p;
        p.axes = below(st::max_axes) + 1;
        char const* axis[] = {"dp", "tp", "dp_shard", "my::axis"};
        for (int a = 0; a < st::max_axes; ++a) p.axis_size[a] = a < p.axes ? 1 + below(9) : 1;
        for (int a = 0; a < p.axes; ++a) p.axis_name[a] = named(a == 3 ? "x_4" : axis[a]);
        p.hardware = named(below(2) == 0 ? "h100_sxm" : "");
        p.outcome = static_cast<st::chain_outcome>(below(6)), p.optimal = below(2) == 0;
        p.time = below(5) == 0 ? st::unreachable : number(), p.tokens = number(), p.memory = number();
        p.budget = number(), p.arena = below(2) == 0 ? 0 : number();
        p.flops = std::uniform_real_distribution<double>(0, 1e21)(random_);
        p.certificate = {number(), number(), number(), below(30), number(), static_cast<st::chain_proof>(below(3))};
        fill_layers(p);
        for (p.uniforms = 0; p.uniforms < below(st::model_plan::max_uniforms + 1);)
            p.uniform[p.uniforms++] = {roles_of(p), static_cast<st::why_not>(below(5)),
                                       below(3) == 0 ? st::unreachable : number(), number(),
                                       named(below(2) == 0 ? "" : "layers.*.attention")};
        p.strategy.whole = roles_of(p);
        bool any = false;
        for (p.strategy.exceptions = 0; p.strategy.exceptions < below(13);) {
            st::layer_exception& x = p.strategy.except[p.strategy.exceptions++];
            st::placement_policy const r = roles_of(p);
            x.layers = named(below(2) == 0 ? "layers.0-3.attention" : "output");
            for (int a = 0; a < p.axes; ++a)
                if (below(2) == 0) x.on[a] = r.on[a], x.pads[a] = r.pads[a];
            x.decides = below(2) == 0, x.recomputes = x.decides && below(2) == 0;
            any = any || !(st::model_strategy::with(p.strategy.whole, x) == p.strategy.whole);
        }
        for (int e = 0; e < p.strategy.exceptions; ++e) p.strategy.except[e].changes = any;
        return p;
    }
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  private:
    long number() { return std::uniform_int_distribution<long>(0, 1L << below(61))(random_); }
    st::layer_cost cost() { return {number(), number(), number(), number(), number(), number()}; }
    st::placement_policy roles_of(st::model_plan const& p) {
        st::placement_policy r;
        r.axes = p.axes;
        for (int a = 0; a < st::max_axes; ++a) r.axis_size[a] = p.axis_size[a];
        for (int a = 0; a < p.axes; ++a) {
            r.on[a] = static_cast<st::role>(below(7));
            r.pads[a] = r.on[a] == st::role::fully_sharded && below(2) == 0;
        }
        r.recomputes = below(2) == 0;
        return r;
    }
    /// Trips of a repeat's two layers, cut anywhere, between layers that stand alone.
    void fill_layers(st::model_plan& p) {
        add(p, "tok_embeddings", 0, 1, roles_of(p), cost());
        char const* block[] = {"layers.*.attention", "layers.*.feed_forward"};
        int const trips = 1 + below(130);
        for (char const* name : block)
            for (int first = 0; first < trips;) {
                int const count = p.layers > 40 ? trips - first : 1 + below(trips - first);
                add(p, name, first, count, roles_of(p), cost());
                first += count;
            }
        if (below(2) == 0) add(p, "7", 0, 1, roles_of(p), cost());  // a layer's own name, not a trip
        add(p, "output", 0, 1, roles_of(p), cost());
    }

    std::mt19937 random_;
};

}  // namespace hand_made
