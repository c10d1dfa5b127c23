#pragma once

#include <shardtype/plan/plan.hpp>
#include <shardtype/plan/text_sink.hpp>

// A plan's parts in the words of the library.
namespace shardtype {

/// `fsdp` of `fsdp<dp>`; empty for none.
constexpr char const* role_word(role r, bool pads = false) {
    switch (r) {
        case role::data_parallel:
            return "ddp";
        case role::sharded_optimizer:
            return "zero1";
        case role::sharded_gradients:
            return "zero2";
        case role::fully_sharded:
            return pads ? "padded_fsdp" : "fsdp";
        case role::tensor_parallel:
            return "tensor_parallel";
        case role::sequence_parallel:
            return "sequence_parallel";
        default:
            return "";
    }
}

namespace detail {

/// `fsdp<dp>, sequence_parallel<tp>`; an axis of one device only if `all`. @return whether there is anything
constexpr bool put_roles(text_sink& out, role const* on, bool const* pads, model_plan const& of, bool all) {
    bool any = false;
    for (int a = 0; a < of.axes; ++a) {
        if (on[a] == role::none || (!all && of.axis_size[a] == 1)) continue;
        if (any) out.put(", ");
        any = true;
        out.put(role_word(on[a], pads[a]));
        out.put('<');
        out.put(of.axis_name[a]);
        out.put('>');
    }
    return any;
}
/// The same of a strategy: `fsdp<dp>, recompute`.
constexpr void put_strategy(text_sink& out, placement_policy const& p, model_plan const& of, bool all = false) {
    bool const any = put_roles(out, p.on, p.pads, of, all);
    if (p.recomputes) out.put(any ? ", recompute" : "recompute");
    if (!any && !p.recomputes) out.put("no roles");
}

/// A layer's name with trips [first, first + count) in the place of its `*`.
constexpr void put_layer(text_sink& out, label const& name, int first, int count) {
    char const star[] = {'*', 0};
    name_parts parts{name.data};
    bool begun = false, numbered = false;
    for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
        if (begun) out.put('.');
        begun = true;
        if (!numbered && p.is(name_part{star, 1})) {
            numbered = true;
            put_number(out, first, false);
            if (count > 1) out.put('-'), put_number(out, first + count - 1, false);
        } else {
            for (int i = 0; i < p.size; ++i) out.put(p.begin[i]);
        }
    }
}
/// `layers.0-11.attention`.
constexpr void put_layer(text_sink& out, planned_layer const& x) {
    if (x.repeated)
        put_layer(out, x.name, x.first, x.count);
    else
        out.put(x.name);
}

/// `dp 8 x tp 8`.
constexpr void put_mesh(text_sink& out, model_plan const& p) {
    for (int a = 0; a < p.axes; ++a) {
        if (a > 0) out.put(" x ");
        out.put(p.axis_name[a]);
        out.put(' ');
        put_number(out, p.axis_size[a], false);
    }
}
constexpr long devices_of(model_plan const& p) {
    long n = 1;
    for (int a = 0; a < p.axes; ++a) n *= p.axis_size[a];
    return n;
}

/// A whole mesh's use: so many parts of the batch, the rest tensor parallel.
struct mesh_split {
    int data = 1, tensor = 1;
    constexpr explicit mesh_split(placement_policy const& p, model_plan const& of) {
        for (int a = 0; a < of.axes; ++a) (p.splits_weights(a) ? tensor : data) *= of.axis_size[a];
    }
    constexpr bool operator==(mesh_split const&) const = default;
    /// `DP only`, `DP 8, TP 8`.
    constexpr void put(text_sink& out) const {
        if (tensor == 1) return out.put("DP only");
        if (data == 1) return out.put("TP only");
        out.put("DP ");
        put_number(out, data, false);
        out.put(", TP ");
        put_number(out, tensor, false);
    }
};

/// What all layers of a plan take together; a layer's cost counts for each of its trips.
struct plan_totals {
    layer_cost sum{};  ///< window: the largest
    long time = 0;     ///< ns of the layers
    long beside = 0;   ///< ns of the step that are no layer's: loss, norm of gradients, optimizer
    long fixed = 0;    ///< bytes that are no layer's
    constexpr explicit plan_totals(model_plan const& p) {
        for (int i = 0; i < p.layers; ++i) {
            layer_cost const& c = p.layer[i].cost;
            long const n = p.layer[i].count;
            sum.compute += n * c.compute;
            sum.communication += n * c.communication;
            sum.exposed += n * c.exposed;
            sum.state += n * c.state;
            sum.activations += n * c.activations;
            if (c.window > sum.window) sum.window = c.window;
        }
        time = sum.time();
        beside = p.time < unreachable ? p.time - time : 0;
        fixed = p.memory - sum.memory() - sum.window;
    }
};

/// Tokens a second.
constexpr long tokens_per_second(model_plan const& p) {
    if (p.time <= 0 || p.time >= unreachable) return 0;
    long tokens = p.tokens, time = p.time;
    while (tokens > 4'000'000'000) tokens /= 2, time = time > 1 ? time / 2 : 1;
    return tokens * 1'000'000'000 / time;
}
/// Flops a second and device, in units of 10^11.
constexpr long device_speed(model_plan const& p) {
    if (p.time <= 0 || p.time >= unreachable || p.flops < 1e6 || p.flops > 1e20) return 0;
    return static_cast<long>(p.flops / 1e6) * 10'000 / p.time / devices_of(p);
}

}  // namespace detail
}  // namespace shardtype
