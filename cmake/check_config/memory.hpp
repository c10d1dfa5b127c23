#pragma once

#include <string>

#include <shardtype/schedule/fits.hpp>

#include "check_keys.hpp"

// A job's memory as `memory_of` counts it, at run time and for the models that a file can name.

/// The strategy of a legal job, on the mesh of its `training_job`.
inline shardtype::model_strategy strategy_of_job(shardtype::job const& j, shardtype::parallel_dims const& d) {
    using shardtype::role;
    long const parts = kv_parts_of(j, d), major = parts == 1 ? d.tp : parts;
    long const sizes[] = {d.dp_replicate, d.dp_shard, major, d.tp / major};
    role const shard = j.zero_stage == 3   ? role::fully_sharded
                       : j.zero_stage == 2 ? role::sharded_gradients
                                           : role::sharded_optimizer;
    role const roles[] = {role::data_parallel, shard, role::sequence_parallel, role::sequence_parallel};
    shardtype::placement_policy p;
    for (int& size : p.axis_size) size = 1;
    for (int i = 0; i < 4; ++i)
        if (sizes[i] > 1) {
            p.axis_size[p.axes] = static_cast<int>(sizes[i]);
            p.on[p.axes++] = roles[i];
        }
    if (p.axes == 0) p.axes = 1;
    int const blocks = recomputed_blocks_of(j);
    p.recomputes = blocks == -1;
    shardtype::model_strategy s(p);
    if (blocks > 0) {
        s.exceptions = 1;
        s.except[0].layers = shardtype::detail::first_blocks_name(blocks);
        s.except[0].decides = s.except[0].recomputes = true;
    }
    return s;
}

/// The bytes of one rank of a legal job of the model `model_flavors[I]`.
template <std::size_t I>
shardtype::rank_memory memory_with(shardtype::job const& j, shardtype::parallel_dims const& d) {
    long const rows = micro_batch_of(j, d);
    int const micro_batches = j.global_batch_size > rows ? 2 : 1;  // more of them take no more memory
    auto const g = shardtype::read_model<shardtype::llama<model_flavors[I].sizes>>(
        strategy_of_job(j, d), {.global = rows * micro_batches, .sequence = j.seq_len, .micro_batches = micro_batches},
        shardtype::dtype::f32,
        j.mixed_precision_param == shardtype::precision::bfloat16 ? shardtype::dtype::bf16 : shardtype::dtype::f32);
    return shardtype::detail::memory_of_graph(g);
}

/// The same by the name of the model's constant.
inline shardtype::rank_memory memory_at_run_time(shardtype::job const& j, std::string_view model) {
    auto const d = shardtype::first_fault(j).dims;
    if (shardtype::detail::rough_memory(j, d) > shardtype::detail::largest_memory) return {0, 0, 0, 1L << 60};
    static_assert(std::size(model_flavors) == 4);
    if (model == model_flavors[1].constant) return memory_with<1>(j, d);
    if (model == model_flavors[2].constant) return memory_with<2>(j, d);
    if (model == model_flavors[3].constant) return memory_with<3>(j, d);
    return memory_with<0>(j, d);
}

/// The largest local batch below the job's that fits and divides a given global one, or 0. Memory grows with it.
inline long fitting_rows(shardtype::job const& j, std::string_view model, long usable) {
    auto const fits = [&](long rows) {
        return memory_at_run_time(with_knob(j, {shardtype::knob::local_batch_size, rows}), model).total() <= usable;
    };
    long const ranks = shardtype::first_fault(j).dims.data_parallel_degree();
    long const of_rank = j.global_batch_size == -1 ? 0 : j.global_batch_size / ranks;
    if (j.local_batch_size == 1 || !fits(1)) return 0;
    long least = 1, most = j.local_batch_size;  // least fits, most does not
    while (most - least > 1) {
        long const middle = least + (most - least) / 2;
        (fits(middle) ? least : most) = middle;
    }
    while (of_rank != 0 && of_rank % least != 0) --least;
    return least;
}

/// What to write where a job does not fit, as `fits` says it.
inline std::string memory_advice(shardtype::job const& j, std::string_view model, long usable) {
    if (long const rows = fitting_rows(j, model, usable); rows > 0)
        return "write local_batch_size = " + std::to_string(rows);
    std::string const full = "mode = \"full\" in [activation_checkpoint]";
    auto const again = shardtype::detail::recomputing(j);
    if (memory_at_run_time(again, model).total() <= usable) return "write " + full;
    if (memory_at_run_time(with_knob(again, {shardtype::knob::local_batch_size, 1}), model).total() <= usable)
        return "write local_batch_size = 1 and " + full;
    return "more devices are needed";
}

/// What is wrong with the memory of a legal job; empty where it fits.
inline std::string explain_memory(shardtype::job const& j, std::string_view model, shardtype::hardware const& h) {
    auto const m = memory_at_run_time(j, model);
    if (m.total() <= h.usable()) return "";
    auto const text = [](long n) { return std::to_string(n); };
    auto const v = shardtype::first_fault(j);
    return "parameters " + text(m.parameters) + " + gradients " + text(m.gradients) + " + optimizer_states " +
           text(m.optimizer_states) + " + activations " + text(m.activations) + " = " + text(m.total()) +
           " bytes of a rank are more than " + h.name + " has, " + text(h.memory) + " - " + text(h.reserved) +
           " reserved (seq_len " + text(j.seq_len) + ", local_batch_size " + text(j.local_batch_size) +
           ", data_parallel_shard_degree " + text(v.dims.dp_shard) + ", tensor_parallel_degree " + text(v.dims.tp) +
           "); " + memory_advice(j, model, h.usable());
}
