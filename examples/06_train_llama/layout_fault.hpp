#pragma once

#include <memory>
#include <string>

#include "llama_job.hpp"

/// Why the compiler would refuse a layout, by the library's own rules, asked at run time; empty if it would not.
inline std::string fault_of_layout(layout_spec const& s) {
    st::placement_policy policy;
    char const* names[st::max_axes]{};
    auto const add = [&](char const* name, long size, st::role on) {
        if (size == 0) return;
        names[policy.axes] = name;
        policy.axis_size[policy.axes] = static_cast<int>(size);
        policy.on[policy.axes++] = on;
    };
    add("dp_replicate", s.dp_replicate, st::role::data_parallel);
    add("dp_shard", s.dp_shard,
        s.zero_stage == 3   ? st::role::fully_sharded
        : s.zero_stage == 2 ? st::role::sharded_gradients
                            : st::role::sharded_optimizer);
    add("tp", s.tp, s.plain ? st::role::tensor_parallel : st::role::sequence_parallel);
    using model = st::llama<st::llama3_debug>;
    st::batch_shape const batch{
        .global = s.global_batch_size, .sequence = s.seq_len, .micro_batches = static_cast<int>(s.micro_batches)};
    auto const graph = std::make_unique<st::graph>(st::read_model<model>(policy, batch, st::dtype::f32));
    if (graph->ok()) return "";
    std::string const layer = graph->failed_in.size == 0 ? "the batch" : graph->failed_in.data;
    char const* const axis = names[graph->says.axis];
    return layer + " does not divide over " + (axis != nullptr ? axis : "its axes") + " [ST-S608]";
}
