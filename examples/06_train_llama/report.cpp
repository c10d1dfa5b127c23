#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shardtype/runtime/resident.hpp>
#include <shardtype/train/report_page.hpp>

#include "choose_auto.hpp"

namespace st = shardtype;

namespace {

using json = nlohmann::ordered_json;

void print(json const& line) {
    std::printf("%s\n", line.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
    std::fflush(stdout);
}

json as_json(settings const& all) {
    json out{{"event", "settings"}};
    for_each_setting(all, [&](char const* name, auto const& s) {
        if (*s.section != 0 && s.recorded) out[s.section][std::string(key_of(s.section, name))] = s.value;
    });
    return out;
}

// Of the losses of all steps, against the first run's.
double largest_difference(std::vector<run_report> const& runs) {
    double worst = 0;
    for (run_report const& run : runs)
        for (std::size_t s = 0; s < run.losses.size(); ++s) {
            double const first = runs.front().losses[s];
            worst = std::max(worst, std::abs(run.losses[s] - first) / std::abs(first));
        }
    return worst;
}

// With what is not as usual in it, for people.
st::run_summary shown(run_report const& run) {
    st::run_summary row = run.summary;
    row.layout += run.extras;
    return row;
}

}  // namespace

report::report(settings const& with) : with_(with), json_(with.log_format.value == "json") {
    if (json_) print(as_json(with));
}

void report::data(std::string const& source, long tokens, bool bytes_of_text, int cpus, std::string const& held_source,
                  long held) {
    char const* const what = bytes_of_text ? "tokens (bytes of text)" : "tokens";
    if (json_) {
        json line{{"event", "data"}, {"dataset", source}, {"tokens", tokens}, {"cpus", cpus}};
        if (held > 0) line["validation_dataset"] = held_source, line["validation_tokens"] = held;
        print(line);
    } else {
        std::printf("%ld %s from %s; %d CPUs\n", tokens, what, source.c_str(), cpus);
        if (held > 0)
            std::printf("%ld tokens %s are held out for validation\n", held,
                        held_source == source ? "at its end" : ("from " + held_source).c_str());
    }
}

void report::planned(automatic_choice const& choice) {
    planned_mesh const& m = choice.meshes.front();
    if (json_) {
        json line{{"event", "planned"},
                  {"layout", m.spec.name()},
                  {"hardware", with_.hardware.value},
                  {"predicted_step_nanoseconds", m.plan.time},
                  {"predicted_memory_bytes", m.memory()},
                  {"why", choice.line}};
        if (with_.explain.value) line["explained"] = choice.explained();
        print(line);
    } else {
        std::printf("auto: %s\n", choice.line.c_str());
        if (with_.explain.value) std::printf("\n%s", choice.explained().c_str());
    }
}

void report::begin(run_report const& run) {
    progress_.begin(run.summary.layout + run.extras, with_.steps.value, run.tokens);
    if (json_) {
        print({{"event", "layout"},
               {"layout", run.summary.layout},
               {"mesh_axes", run.axes},
               {"mesh_sizes", run.sizes},
               {"memory_bytes", static_cast<long>(run.summary.memory_bytes)},
               {"knobs", run.extras.empty() ? "" : run.extras.substr(1)},
               {"micro_batches", run.micro_batches},
               {"matmul_flops_per_second", run.matmul_flops}});
    } else {
        std::printf("\nlayout %s%s; oneDNN float32 matmul peak %.0f GFLOP/s\n%s\n", run.summary.layout.c_str(),
                    run.extras.c_str(), 1e-9 * run.matmul_flops, st::device_mesh_line(run.axes, run.sizes).c_str());
    }
}

void report::step(run_report const& run, st::step_metrics const& line) {
    if (line.step != 1 && line.step % with_.log_freq.value != 0)
        return progress_.show(line.step, line.seconds, line.loss);
    progress_.clear();
    if (json_) {
        print({{"event", "step"},
               {"layout", run.summary.layout},
               {"step", line.step},
               {"loss", line.loss},
               {"grad_norm", line.grad_norm},
               {"seconds", line.seconds},
               {"tokens_per_second_per_rank", line.tokens_per_second()},
               {"flops_per_second_per_rank", line.flops_per_second()},
               {"mfu_percent", line.mfu()},
               {"resident_bytes", st::resident_bytes()}});  // of the whole process
    } else {
        std::printf("%s\n", st::step_line(line).c_str());
        std::fflush(stdout);
    }
    progress_.show(line.step, line.seconds, line.loss);
}

void report::evaluations(run_report const& run, long batches, long held) {
    long const batch = static_cast<long>(run.tokens);
    if (json_)
        print({{"event", "evaluations"},
               {"layout", run.summary.layout},
               {"batches", batches},
               {"batch_tokens", batch},
               {"held_out_tokens", held}});
    else
        std::printf("%s\n", st::evaluation_line(batches, batch, held).c_str());
}

void report::validation(run_report const& run, st::step_metrics const& line) {
    progress_.clear();
    if (json_) {
        print({{"event", "validation"},
               {"layout", run.summary.layout},
               {"step", line.step},
               {"loss", line.loss},
               {"seconds", line.seconds},
               {"tokens_per_second_per_rank", line.tokens_per_second()}});
    } else {
        std::printf("%s\n", st::validation_line(line).c_str());
        std::fflush(stdout);
    }
}

void report::trace(std::string const& path, long lost) {
    if (json_)
        print({{"event", "trace"}, {"file", path}, {"events_lost", lost}});
    else if (lost > 0)
        std::printf("the trace was full: %ld events are not in it; a smaller --trace-steps fits\n", lost);
}

std::string report::page(settings const& with, std::vector<run_report> const& runs) {
    std::vector<st::report_curve> curves;
    curves.reserve(runs.size());
    for (run_report const& run : runs)
        curves.push_back({shown(run), run.losses, run.seconds, run.tokens, run.validation});
    return st::report_page("Llama-3 debug model",
                           text_of(with.steps.value) + " steps, sequence " + text_of(with.seq_len.value) + ", seed " +
                               text_of(with.seed.value) + ", AdamW " + text_of(with.lr.value) + ", data " +
                               printable(with.dataset.value),
                           curves);
}

void report::end(run_report const& run, std::string const& profile) {
    progress_.clear();
    if (json_) {
        json line{{"event", "result"},
                  {"layout", run.summary.layout},
                  {"first_loss", run.summary.first_loss},
                  {"last_loss", run.summary.last_loss},
                  {"tokens_per_second", run.summary.tokens_per_second},
                  {"performed_flops_per_second", run.performed_flops},
                  {"seconds", run.summary.seconds}};
        if (!run.validation.empty()) line["validation_loss"] = run.summary.validation_loss;
        print(line);
        if (!profile.empty()) print({{"event", "profile"}, {"layout", run.summary.layout}, {"text", profile}});
    } else {
        std::printf("performed %.1f GFLOP/s, %.1f %% of the matmul peak (mfu counts torchtitan's flops)%s%s\n%s",
                    1e-9 * run.performed_flops, 100 * run.performed_flops / run.matmul_flops,
                    run.recomputes ? ", what was recomputed not counted" : "",
                    run.performed_flops > run.matmul_flops ? "; the machine was busy when the peak was measured" : "",
                    profile.c_str());
    }
}

void report::close(std::vector<run_report> const& runs, bool one_batch) {
    if (!json_) {
        std::vector<st::run_summary> rows;
        rows.reserve(runs.size());
        for (run_report const& run : runs) rows.push_back(shown(run));
        std::printf("\n%s", st::closing_table(rows).c_str());
    }
    if (runs.size() > 1 && one_batch) {  // else they have no common curve
        double const worst = largest_difference(runs);
        if (json_)
            print({{"event", "comparison"}, {"largest_relative_loss_difference", worst}});
        else
            std::printf("largest relative difference of a loss from the first layout's: %.1e\n", worst);
    }
}
