#pragma once

#include <shardtype/plan/plan.hpp>

/// Plans by hand: what reads a plan is tested without the search.
namespace hand_made {

namespace st = shardtype;

constexpr st::label named(char const* text) {
    st::label l;
    l.append(text);
    return l;
}

constexpr st::placement_policy roles(st::role first, st::role second, bool recompute = false) {
    st::placement_policy p;
    p.axes = 2;
    for (int a = 0; a < st::max_axes; ++a) p.axis_size[a] = a < 2 ? 8 : 1;
    p.on[0] = first, p.on[1] = second;
    p.recomputes = recompute;
    return p;
}

constexpr long us = 1'000, mib = 1L << 20;

constexpr void add(st::model_plan& p, char const* name, int first, int count, st::placement_policy const& r,
                   st::layer_cost const& c) {
    st::planned_layer& x = p.layer[p.layers++];
    x.name = named(name), x.first = first, x.count = count, x.roles = r, x.cost = c;
    for (int i = 0; i < x.name.size; ++i) x.repeated = x.repeated || x.name.data[i] == '*';
}
constexpr void add(st::model_plan& p, st::placement_policy const& r, st::why_not why, long time, long memory,
                   char const* worst) {
    p.uniform[p.uniforms++] = {r, why, time, memory, named(worst)};
}

/// Llama 3 8B on 8 x 8 devices; the numbers are invented.
constexpr st::model_plan llama_8b() {
    using st::role;
    constexpr role fsdp = role::fully_sharded, ddp = role::data_parallel, sp = role::sequence_parallel,
                   tp = role::tensor_parallel;
    st::model_plan p;
    p.outcome = st::chain_outcome::optimal, p.optimal = true;
    p.axes = 2, p.axis_size[0] = 8, p.axis_size[1] = 8, p.axis_size[2] = 1, p.axis_size[3] = 1;
    p.axis_name[0] = named("dp"), p.axis_name[1] = named("tp"), p.hardware = named("h100_sxm");
    add(p, "tok_embeddings", 0, 1, roles(fsdp, sp), {310 * us, 1'905 * us, 480 * us, 128 * mib, 64 * mib, 500 * mib});
    add(p, "layers.*.attention", 0, 12, roles(fsdp, sp, true),
        {4'100 * us, 1'730 * us, 610 * us, 42 * mib, 32 * mib, 320 * mib});
    add(p, "layers.*.feed_forward", 0, 12, roles(fsdp, sp, true),
        {9'350 * us, 2'310 * us, 700 * us, 176 * mib, 32 * mib, 610 * mib});
    add(p, "layers.*.attention", 12, 20, roles(fsdp, sp),
        {3'100 * us, 1'500 * us, 610 * us, 42 * mib, 380 * mib, 320 * mib});
    add(p, "layers.*.feed_forward", 12, 20, roles(fsdp, fsdp),
        {7'020 * us, 2'900 * us, 0, 44 * mib, 1'130 * mib, 1'410 * mib});
    add(p, "norm", 0, 1, roles(fsdp, sp), {55 * us, 12 * us, 12 * us, 1, 32 * mib, 33 * mib});
    add(p, "output", 0, 1, roles(ddp, sp), {5'890 * us, 2'220 * us, 1'100 * us, 1'002 * mib, 501 * mib, 2'004 * mib});
    p.time = 409'432'123, p.tokens = 524'288, p.flops = 2.46e16;
    p.memory = 40'061 * mib, p.budget = 73'506 * mib, p.arena = 39'970 * mib;
    p.certificate = {409'432'123, 408'901'050, 1'235, 10, 812, st::chain_proof::labels};
    add(p, roles(fsdp, sp), st::why_not::slower, 421'200'000, 52'000 * mib, "layers.*.feed_forward");
    add(p, roles(fsdp, sp, true), st::why_not::slower, 455'000'000, 31'000 * mib, "layers.*.attention");
    add(p, roles(fsdp, fsdp, true), st::why_not::slower, 512'345'678, 61'000 * mib, "output");
    add(p, roles(sp, fsdp), st::why_not::slower, 530'000'000, 52'000 * mib, "layers.*.attention");
    add(p, roles(sp, sp), st::why_not::slower, 1'912'000'000, 24'000 * mib, "layers.*.feed_forward");
    add(p, roles(fsdp, fsdp), st::why_not::too_large, 371'000'000, 97'612 * mib, "output");
    add(p, roles(ddp, fsdp), st::why_not::too_large, 411'000'000, 141'000 * mib, "layers.*.feed_forward");
    add(p, roles(ddp, ddp), st::why_not::forbidden, st::unreachable, 0, "");
    add(p, roles(fsdp, tp), st::why_not::forbidden, st::unreachable, 0, "tok_embeddings");
    add(p, roles(tp, tp), st::why_not::illegal, st::unreachable, 0, "layers.*.attention");
    st::model_strategy& s = p.strategy;
    s.whole = roles(fsdp, sp);
    s.exceptions = 4;
    s.except[0].layers = named("layers.0-11"), s.except[0].decides = s.except[0].recomputes = true;
    s.except[1].layers = named("layers.12-31.feed_forward"), s.except[1].on[1] = fsdp;
    s.except[2].layers = named("layers.12-31.ffn_norm"), s.except[2].on[1] = fsdp;
    s.except[3].layers = named("output"), s.except[3].on[0] = ddp;
    return p;
}

}  // namespace hand_made
