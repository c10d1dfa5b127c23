#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <shardtype/runtime/peak.hpp>
#include <shardtype/runtime/profile.hpp>
#include <shardtype/runtime/trace.hpp>
#include <shardtype/train/corpus.hpp>

#include "llama_job.hpp"
#include "machine.hpp"
#include "ranks.hpp"
#include "report.hpp"

template <class Job>
constexpr st::model_size size_of_model() {
    constexpr auto c = st::llama3_debug;
    st::model_size m{0, c.vocabulary * c.dim, c.layers, c.heads, c.dim};
    auto const& g = st::checked<Job>::value;
    for (int k = 0; k < g.parameter_count; ++k) m.parameters += g.parameters[k].stored.count() * g.parameters[k].layers;
    return m;
}

template <class... Axes>
void describe_mesh(run_report& run, st::mesh<Axes...>) {
    run.axes = {st::axis_name<Axes>()...};
    run.sizes = {Axes::size...};
    run.summary.mesh = st::mesh_sizes(run.sizes);
}

/// Everything that the compiler knows of a job, before anything runs.
template <class Job, class Communicators>
run_report describe() {
    run_report run;
    run.summary.layout = Job::spec.name();
    run.summary.memory_bytes = static_cast<double>(st::trainer<Job, Communicators>::arena_bytes);
    run.extras = Job::spec.extras();
    run.recomputes = Job::spec.recompute > 0;
    run.micro_batches = Job::batch.micro_batches;
    run.tokens = static_cast<double>(Job::batch.global * Job::batch.sequence);
    describe_mesh(run, typename Job::mesh{});
    return run;
}

/// The mean loss of the first batches of the held-out text.
template <class Job, class Trainer>
double held_out_loss(Trainer& trainer, st::corpus const& held, long batches) {
    double sum = 0;
    for (long b = 0; b < batches; ++b)
        sum += trainer.evaluate([&](long row, int* tokens, int* targets) {
            held.row(b, row, Job::batch.global, Job::batch.sequence, tokens, targets);
        });
    return sum / static_cast<double>(batches);
}

inline constexpr long most_events = 1L << 20;  ///< in a layout's trace, over all ranks: 32 MiB

/// Trains one layout on such ranks, and reports it.
template <class Job, class Ranks>
run_report train(settings const& with, data_sets const& data, machine const& on, report& out, st::trace_writer& trace) {
    constexpr auto batch = Job::batch;
    constexpr long ranks = Job::mesh::size, data_ranks = Job::spec.data_ranks();
    long const steps = with.steps.value;
    st::learning_rate const rate{with.lr.value, with.warmup_steps.value, with.decay_ratio.value,
                                 with.min_lr_factor.value, steps};
    run_report run = describe<Job, typename Ranks::communicators>();
    run.matmul_flops = on.matmul_flops;
    for (std::vector<double>* of : {&run.losses, &run.seconds})  // all their memory before the first step
        of->assign(static_cast<std::size_t>(steps), 0), of->clear();
    long held_batches = 0;
    if (data.held_out) {
        long const there = std::max(1L, (data.held_out->size() - 1) / (batch.global * batch.sequence));
        held_batches = with.validation_steps.value == -1 ? there : std::min(there, with.validation_steps.value);
        run.validation.reserve(static_cast<std::size_t>(steps / with.validation_freq.value + 2));
    }
    out.begin(run);
    if (held_batches > 0) out.evaluations(run, held_batches, data.held_out->size());

    st::step_metrics line;
    line.memory_bytes = run.summary.memory_bytes;
    line.memory_capacity = on.memory_bytes / on.ranks_here(ranks);
    line.tokens = run.tokens / static_cast<double>(data_ranks);
    line.non_data_parallel_size = ranks / data_ranks;
    line.flops_per_token = st::flops_per_token(size_of_model<Job>(), batch.sequence);
    line.peak_flops = run.matmul_flops / static_cast<double>(ranks);

    double trained = 0;  // seconds of the steps after the first, which warms up
    st::profile_table profile;
    std::mutex adding;
    std::vector<std::unique_ptr<st::trace_recorder>> recorders(static_cast<std::size_t>(ranks));
    std::string failure;
    Ranks::template run<Job>([&](auto& trainer) {
        trainer.initialise(static_cast<std::uint64_t>(with.seed.value));
        if (with.enable_profiling.value) trainer.walk().start_profile();
        auto& recorder = recorders[static_cast<std::size_t>(trainer.rank())];
        if (!with.trace.value.empty()) {
            auto const first = static_cast<int>(std::min(with.trace_first.value, steps));
            long const last = std::min(first + with.trace_steps.value, steps + 1);
            recorder =
                std::make_unique<st::trace_recorder>(trainer.walk().program().schedule, first, static_cast<int>(last),
                                                     batch.micro_batches, most_events / ranks);
            trainer.walk().record(recorder.get());
        }
        bool const first_rank = trainer.rank() == 0;
        double last = st::detail::now();
        for (long s = 0; s < steps; ++s) {
            st::step_numbers numbers;
            numbers.adamw = {rate.at(s),     with.beta1.value,        with.beta2.value,
                             with.eps.value, with.weight_decay.value, s + 1};
            numbers.max_norm = with.max_norm.value;
            if (recorder) recorder->begin_step(static_cast<int>(s + 1));
            auto const result = trainer.step(numbers, [&](long row, int* tokens, int* targets) {
                data.training.row(s, row, batch.global, batch.sequence, tokens, targets);
            });
            auto const since_last = [&] {
                double const t = st::detail::now(), seconds = t - last;
                last = t;
                run.summary.seconds += seconds;
                return seconds;
            };
            if (first_rank) {
                line.step = s + 1;
                line.loss = result.loss;
                line.grad_norm = result.gradient_norm;
                line.seconds = since_last();
                if (s > 0 || steps == 1) trained += line.seconds;
                run.losses.push_back(result.loss);
                run.seconds.push_back(line.seconds);
                out.step(run, line);
            }
            // The same number on every rank: all of them stop here.
            if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
                if (Ranks::one_per_process || first_rank)
                    failure = "step " + std::to_string(s + 1) + ": loss " + text_of(result.loss) + ", gradient norm " +
                              text_of(result.gradient_norm) + ": not finite; a smaller --lr may help";
                break;
            }
            if (held_batches > 0 && (s == 0 || (s + 1) % with.validation_freq.value == 0 || s + 1 == steps)) {
                trainer.walk().record(nullptr);  // a trace is of steps
                double const loss = held_out_loss<Job>(trainer, *data.held_out, held_batches);
                if (recorder) trainer.walk().record(recorder.get());
                if (first_rank) {
                    st::step_metrics held = line;
                    held.loss = run.summary.validation_loss = loss;
                    held.seconds = since_last();
                    held.tokens *= static_cast<double>(held_batches);
                    run.validation.emplace_back(s + 1, loss);
                    out.validation(run, held);
                }
            }
        }
        if (with.enable_profiling.value) {
            std::lock_guard const lock(adding);
            profile.add(trainer.walk(), static_cast<int>(steps) * batch.micro_batches);
        }
    });
    if (!failure.empty()) throw std::runtime_error(failure);
    for (st::profile_table::row& row : profile.rows)
        row.seconds = Ranks::sum(row.seconds), row.flops = Ranks::sum(row.flops);
    if (run.losses.empty()) return run;  // of another process' rank 0
    if (!with.trace.value.empty()) {
        trace.begin_run(run.summary.layout + run.extras, run.axes, &st::kernel_name_of<Job>);
        for (int r = 0; r < static_cast<int>(ranks); ++r) trace.add(r, *recorders[static_cast<std::size_t>(r)]);
    }
    double const timed = static_cast<double>(steps > 1 ? steps - 1 : 1);
    run.summary.first_loss = run.losses.front();
    run.summary.last_loss = run.losses.back();
    run.summary.tokens_per_second = run.tokens * timed / trained;
    run.performed_flops = st::checked<Job>::value.step_flops * timed / trained;
    out.end(run, with.enable_profiling.value ? profile.text(run.summary.seconds, on.cpus) : "");
    return run;
}
