// Trains the Llama-3 debug model under layouts that are types, at one global batch. `train_llama --help` tells the rest.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <shardtype/runtime/peak.hpp>
#include <shardtype/runtime/profile.hpp>
#include <shardtype/runtime/trace.hpp>
#include <shardtype/train/corpus.hpp>

#include "choose_layouts.hpp"
#include "compiled_layouts.hpp"  // made by CMake: `compiled`, the list of jobs
#include "llama_job.hpp"
#include "machine.hpp"
#include "output_file.hpp"
#include "read_settings.hpp"
#include "report.hpp"
#include "settings_file.hpp"

namespace {

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

// Everything that the compiler knows of a job, before anything runs.
template <class Job>
run_report describe() {
    run_report run;
    run.summary.layout = Job::spec.name();
    run.summary.memory_bytes = static_cast<double>(st::trainer<Job>::arena_bytes);
    describe_mesh(run, typename Job::mesh{});
    return run;
}

constexpr long most_events = 1L << 20;  // in a layout's trace, over all ranks: 32 MiB

template <class Job>
run_report train(settings const& with, st::corpus const& data, machine const& on, report& out,
                 st::trace_writer& trace) {
    constexpr auto batch = Job::batch;
    constexpr long ranks = Job::mesh::size, data_ranks = Job::spec.data_ranks();
    st::learning_rate const rate{with.lr.value, with.warmup_steps.value, with.decay_ratio.value,
                                 with.min_lr_factor.value, with.steps.value};
    run_report run = describe<Job>();
    run.matmul_flops = on.matmul_flops;
    run.tokens = static_cast<double>(batch.global * batch.sequence);
    for (std::vector<double>* of : {&run.losses, &run.seconds})  // all their memory before the first step
        of->assign(static_cast<std::size_t>(with.steps.value), 0), of->clear();
    out.begin(run);

    st::step_metrics line;
    line.memory_bytes = run.summary.memory_bytes;
    line.memory_capacity = on.memory_bytes / static_cast<double>(ranks);
    line.tokens = static_cast<double>(batch.global * batch.sequence) / static_cast<double>(data_ranks);
    line.non_data_parallel_size = ranks / data_ranks;
    line.flops_per_token = st::flops_per_token(size_of_model<Job>(), batch.sequence);
    line.peak_flops = run.matmul_flops / static_cast<double>(ranks);

    double trained = 0;  // seconds of the steps after the first, which warms up
    st::profile_table profile;
    std::mutex adding;
    std::vector<std::unique_ptr<st::trace_recorder>> recorders(static_cast<std::size_t>(ranks));
    st::run<Job>([&](st::trainer<Job>& trainer) {
        trainer.initialise(static_cast<std::uint64_t>(with.seed.value));
        if (with.enable_profiling.value) trainer.walk().start_profile();
        auto& recorder = recorders[static_cast<std::size_t>(trainer.rank())];
        if (!with.trace.value.empty()) {
            auto const first = static_cast<int>(std::min(with.trace_first.value, with.steps.value));
            long const last = std::min(first + with.trace_steps.value, with.steps.value + 1);
            recorder = std::make_unique<st::trace_recorder>(trainer.walk().program().schedule, first,
                                                            static_cast<int>(last), 1, most_events / ranks);
            trainer.walk().record(recorder.get());
        }
        double last = st::detail::now();
        for (long s = 0; s < with.steps.value; ++s) {
            st::step_numbers numbers;
            numbers.adamw = {rate.at(s),     with.beta1.value,        with.beta2.value,
                             with.eps.value, with.weight_decay.value, s + 1};
            numbers.max_norm = with.max_norm.value;
            if (recorder) recorder->begin_step(static_cast<int>(s + 1));
            auto const result = trainer.step(numbers, [&](long row, int* tokens, int* targets) {
                data.row(s, row, batch.global, batch.sequence, tokens, targets);
            });
            if (trainer.rank() == 0) {
                double const t = st::detail::now();
                line.step = s + 1;
                line.loss = result.loss;
                line.grad_norm = result.gradient_norm;
                line.seconds = t - last;
                last = t;
                if (s > 0 || with.steps.value == 1) trained += line.seconds;
                run.summary.seconds += line.seconds;
                run.losses.push_back(result.loss);
                run.seconds.push_back(line.seconds);
                out.step(run, line);
            }
            // The same number on every rank: all of them stop here.
            if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm))
                throw std::runtime_error("step " + std::to_string(s + 1) + ": loss " + text_of(result.loss) +
                                         ", gradient norm " + text_of(result.gradient_norm) +
                                         ": not finite; a smaller --lr may help");
        }
        if (with.enable_profiling.value) {
            std::lock_guard const lock(adding);
            profile.add(trainer.walk(), static_cast<int>(with.steps.value));
        }
    });
    if (!with.trace.value.empty()) {
        trace.begin_run(run.summary.layout, run.axes, &st::kernel_name_of<Job>);
        for (int r = 0; r < static_cast<int>(ranks); ++r) trace.add(r, *recorders[static_cast<std::size_t>(r)]);
    }
    double const timed = static_cast<double>(with.steps.value > 1 ? with.steps.value - 1 : 1);
    run.summary.first_loss = run.losses.front();
    run.summary.last_loss = run.losses.back();
    run.summary.tokens_per_second = static_cast<double>(batch.global * batch.sequence) * timed / trained;
    run.performed_flops = st::checked<Job>::value.step_flops * timed / trained;
    out.end(run, with.enable_profiling.value ? profile.text(run.summary.seconds, on.cpus) : "");
    return run;
}

template <class... Jobs>
struct program {
    using train_function = run_report (*)(settings const&, st::corpus const&, machine const&, report&,
                                          st::trace_writer&);
    std::vector<compiled_layout> layouts{{Jobs::spec, st::trainer<Jobs>::arena_bytes}...};
    std::vector<train_function> functions{&train<Jobs>...};
};
template <class... Jobs>
program<Jobs...> program_of(st::type_list<Jobs...>);

st::corpus read_data(settings const& with) {
    try {
        st::corpus data = st::corpus::from_path(with.dataset.value);
        data.check(st::llama3_debug.vocabulary, with.seq_len.value);
        if (st::detail::first_bad_utf8(with.dataset.value) != with.dataset.value.size() && !with.record.value.empty())
            throw std::runtime_error(printable(with.dataset.value) + " is not UTF-8: a record cannot name it");
        return data;
    } catch (std::exception const& e) {
        throw usage_error(std::string("--dataset: ") + e.what());
    }
}

void check_memory(compiled_layout const& layout, machine const& on) {
    double const needed = static_cast<double>(layout.arena_bytes) * static_cast<double>(layout.spec.ranks());
    if (needed > on.memory_bytes)
        throw usage_error("--layout: " + layout.spec.name() + " needs " + std::to_string(layout.spec.ranks()) + " x " +
                          st::byte_count(static_cast<double>(layout.arena_bytes)) + " of memory; there are " +
                          st::byte_count(on.memory_bytes));
}

// The library's own rules, asked at run time.
std::string fault_of_layout(layout_spec const& s) {
    st::placement_policy policy;
    char const* names[st::max_axes]{};
    auto const add = [&](char const* name, long size, st::role on) {
        if (size == 0) return;
        names[policy.axes] = name;
        policy.axis_size[policy.axes] = static_cast<int>(size);
        policy.on[policy.axes++] = on;
    };
    add("dp_replicate", s.dp_replicate, st::role::data_parallel);
    add("dp_shard", s.dp_shard, st::role::fully_sharded);
    add("tp", s.tp, s.plain ? st::role::tensor_parallel : st::role::sequence_parallel);
    using model = st::llama<st::llama3_debug>;
    st::batch_shape const batch{.global = s.global_batch_size, .sequence = s.seq_len};
    auto const graph = std::make_unique<st::graph>(st::read_model<model>(policy, batch, st::dtype::f32));
    if (graph->ok()) return "";
    std::string const layer = graph->failed_in.size == 0 ? "the batch" : graph->failed_in.data;
    char const* const axis = names[graph->says.axis];
    return layer + " does not divide over " + (axis != nullptr ? axis : "its axes") + " [ST-S608]";
}

using every_layout = decltype(program_of(compiled{}));

void run_all(settings with, every_layout const& all) {
    std::vector<int> const chosen =
        choose_layouts(with, all.layouts, {built_from, built_in, layouts_added, &fault_of_layout});
    auto const layout = [&](int i) -> compiled_layout const& { return all.layouts[static_cast<std::size_t>(i)]; };
    machine on;
    for (int const i : chosen) check_memory(layout(i), on);
    st::corpus const data = read_data(with);
    with.dataset.value = std::filesystem::absolute(with.dataset.value).string();  // a record works from any folder
    output_file record("--record", with.record.value), page("--report", with.report.value),
        trace_file("--trace", with.trace.value);
    report out(with);
    out.data(data.source(), data.size(), data.documents() > 0, on.cpus);
    on.matmul_flops = st::product_peak(on.cpus);
    std::vector<run_report> runs;
    st::trace_writer trace;
    bool one_batch = true;
    for (int const i : chosen) {
        runs.push_back(all.functions[static_cast<std::size_t>(i)](with, data, on, out, trace));
        one_batch = one_batch && layout(i).spec.global_batch_size == layout(chosen[0]).spec.global_batch_size;
    }
    out.close(runs, one_batch);
    if (trace_file.wanted()) out.trace(with.trace.value, trace.lost());
    std::string failed;  // one that cannot be written does not cost the others
    auto const write = [&failed](output_file& to, auto text) {
        try {
            if (to.wanted()) to.write(text());
        } catch (std::exception const& e) {
            failed += (failed.empty() ? "" : "; ") + std::string(e.what());
        }
    };
    write(record, [&] { return record_text(with, runs); });
    write(page, [&] { return report::page(with, runs); });
    write(trace_file, [&] { return trace.text(); });
    if (!failed.empty()) throw std::runtime_error(failed);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        every_layout const all;
        auto const with = read_settings(argc, argv, layouts_help(all.layouts));
        if (with) run_all(*with, all);
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
        std::fprintf(stderr, "train_llama: standard output could not be written\n");
        return 1;
    } catch (usage_error const& e) {
        std::fprintf(stderr, "train_llama: %s\n", one_line(e.what()).c_str());
        return 2;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "train_llama: %s\n", one_line(e.what()).c_str());
        return 1;
    }
}
