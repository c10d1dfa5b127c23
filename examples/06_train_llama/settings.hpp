#pragma once

#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/accessors.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/core/to.hpp>

#include <cstdio>

#include "planner_settings.hpp"

/// What a run can be told, under torchtitan's names. This list, the planner's and their adaptions drive the flags
/// (`--seq-len`), the keys of `--config FILE.toml` (`[training] seq_len`), their errors, and the record of a run.
struct settings : planner_settings {
    setting<words> layout{.section = "parallelism",
                          .help =
                              "layouts to train, one after the other, each with knobs of its own if it names "
                              "them; auto: the planner's choice for --ranks",
                          .value = {"dp_shard", "tp", "dp_shard+tp"}};
    setting<long> data_parallel_replicate_degree{.section = "parallelism",
                                                 .help = "size of dp_replicate",
                                                 .value = 1,
                                                 .least = 1,
                                                 .most = 1024,
                                                 .recorded = false};
    setting<long> data_parallel_shard_degree{.section = "parallelism",
                                             .help = "size of dp_shard; -1: what is left",
                                             .value = -1,
                                             .least = 1,
                                             .most = 1024,
                                             .minus_one = true,
                                             .recorded = false};
    setting<long> tensor_parallel_degree{
        .section = "parallelism", .help = "size of tp", .value = 1, .least = 1, .most = 1024, .recorded = false};
    setting<long> ranks{.section = "parallelism",
                        .help =
                            "world size that the three degrees, given instead of --layout, must fill, and that "
                            "--layout auto plans for",
                        .value = 8,
                        .least = 1,
                        .most = 1024,
                        .recorded = false};
    setting<std::string> fsdp_reshard_after_forward{
        .section = "parallelism",
        .help = "always: gathered parameters are released after use; never: once per step (ZeRO-2)",
        .value = "default",
        .choices = {"default", "always", "never"}};
    setting<long> zero_stage{.section = "parallelism",
                             .help =
                                 "what dp_shard splits: 1 optimizer states, 2 gradients too, 3 parameters too; "
                                 "-1: as fsdp_reshard_after_forward says",
                             .value = -1,
                             .least = 1,
                             .most = 3,
                             .minus_one = true};

    setting<long> steps{.section = "training", .help = "training steps", .value = 10, .least = 1, .most = 1'000'000};
    setting<long> seq_len{
        .section = "training", .help = "tokens of a sequence", .value = 256, .least = 1, .most = 1L << 20};
    setting<long> global_batch_size{.section = "training",
                                    .help = "sequences of a step over all ranks; -1: local x data-parallel degree",
                                    .value = 8,
                                    .least = 1,
                                    .most = 1L << 20,
                                    .minus_one = true};
    setting<long> local_batch_size{.section = "training",
                                   .help =
                                       "sequences of a data-parallel rank at a time; -1: global / degree. What "
                                       "the global batch is a multiple of that is accumulated",
                                   .value = -1,
                                   .least = 1,
                                   .most = 1L << 20,
                                   .minus_one = true};
    setting<long> seed{
        .section = "training", .help = "of the first weights", .value = 42, .least = 0, .most = 1L << 62};
    setting<double> max_norm{.section = "training",
                             .help = "gradients are clipped to this global norm",
                             .value = 1,
                             .most = 1e9,
                             .positive = true};
    setting<std::string> dataset{.section = "training",
                                 .help = "a text file in UTF-8, a folder of them, or an llm.c token shard",
                                 .value = SHARDTYPE_SOURCE_DIR};
    setting<std::string> mixed_precision_param{
        .section = "training",
        .help = "activations and weights in use; state, gradients between ranks, norms and sums are float32",
        .value = "float32",
        .choices = {"float32", "bfloat16"}};

    setting<double> lr{.section = "optimizer",
                       .help = "AdamW's learning rate after warm-up",
                       .value = 8e-4,
                       .most = 10,
                       .positive = true};
    setting<double> beta1{
        .section = "optimizer", .help = "AdamW's decay of the first moment", .value = 0.9, .most = 0.999999};
    setting<double> beta2{
        .section = "optimizer", .help = "AdamW's decay of the second moment", .value = 0.95, .most = 0.999999};
    setting<double> eps{.section = "optimizer", .help = "AdamW's epsilon", .value = 1e-8, .most = 1, .positive = true};
    setting<double> weight_decay{
        .section = "optimizer", .help = "AdamW's decay of the weights", .value = 0.1, .most = 10};

    setting<long> warmup_steps{
        .section = "lr_scheduler", .help = "steps until the full rate", .value = 2, .most = 1'000'000};
    setting<double> decay_ratio{.section = "lr_scheduler",
                                .help = "share of the steps over which the rate decays, linearly",
                                .value = 0.8,
                                .most = 1};
    setting<double> min_lr_factor{
        .section = "lr_scheduler", .help = "where the decay heads for, as a share of the rate", .value = 0, .most = 1};

    setting<std::string> activation_checkpoint_mode{
        .section = "activation_checkpoint",
        .help = "which blocks keep no activations for backward, and are walked again there",
        .value = "none",
        .choices = {"none", "selective", "full"}};
    setting<long> selective_ac_option{.section = "activation_checkpoint",
                                      .help = "selective: one block in so many (the first layers / n of them)",
                                      .value = 2,
                                      .least = 1,
                                      .most = 6,
                                      .text_too = true,
                                      .not_yet = "op"};

    setting<bool> validation_enable{
        .section = "validation", .help = "evaluate on held-out text while training", .value = false};
    setting<std::string> validation_dataset{.section = "validation",
                                            .help = "held-out text, as dataset; empty: the end of the dataset",
                                            .value = "",
                                            .may_be_empty = true};
    setting<double> validation_fraction{.section = "validation",
                                        .help = "share of the dataset that is its end, and not trained on",
                                        .value = 0.1,
                                        .most = 0.5,
                                        .positive = true};
    setting<long> validation_freq{.section = "validation",
                                  .help = "evaluate after every so many steps, the first and the last",
                                  .value = 10,
                                  .least = 1,
                                  .most = 1'000'000};
    setting<long> validation_steps{.section = "validation",
                                   .help = "batches of an evaluation, at most; -1: all the held-out text",
                                   .value = -1,
                                   .least = 1,
                                   .most = 1'000'000,
                                   .minus_one = true};

    setting<std::string> log_format{.section = "metrics",
                                    .help = "torchtitan's lines, or one JSON object per line",
                                    .value = "text",
                                    .choices = {"text", "json"}};
    setting<long> log_freq{.section = "metrics",
                           .help = "log every so many steps, and the first",
                           .value = 1,
                           .least = 1,
                           .most = 1'000'000};
    setting<bool> enable_profiling{
        .section = "profiling", .help = "show where the time went, by kernel", .value = false};
    setting<std::string> trace{.section = "profiling",
                               .help = "write steps as a trace for https://ui.perfetto.dev to this JSON file",
                               .value = "",
                               .may_be_empty = true,
                               .recorded = false};
    setting<long> trace_first{
        .section = "profiling", .help = "first step in the trace", .value = 2, .least = 1, .most = 1'000'000};
    setting<long> trace_steps{
        .section = "profiling", .help = "how many steps the trace has", .value = 2, .least = 1, .most = 1000};
    setting<std::string> record{
        .section = "job",
        .help = "write settings and results to this TOML file when all is done; --config reads it",
        .value = "",
        .may_be_empty = true,
        .recorded = false};
    setting<std::string> report{.section = "job",
                                .help = "write curves of loss and speed to this HTML file when all is done",
                                .value = "",
                                .may_be_empty = true,
                                .recorded = false};
    setting<std::string> config{.section = "",
                                .help = "a TOML file with these sections and keys; flags win over it",
                                .value = "",
                                .may_be_empty = true};
};
BOOST_HANA_ADAPT_STRUCT(settings, layout, data_parallel_replicate_degree, data_parallel_shard_degree,
                        tensor_parallel_degree, ranks, fsdp_reshard_after_forward, zero_stage, steps, seq_len,
                        global_batch_size, local_batch_size, seed, max_norm, dataset, mixed_precision_param, lr, beta1,
                        beta2, eps, weight_decay, warmup_steps, decay_ratio, min_lr_factor, activation_checkpoint_mode,
                        selective_ac_option, validation_enable, validation_dataset, validation_fraction,
                        validation_freq, validation_steps, log_format, log_freq, enable_profiling, trace, trace_first,
                        trace_steps, record, report, config);

/// Calls f(name, setting) for each member, in order.
template <class Settings, class F>
void for_each_setting(Settings& all, F f) {
    namespace hana = boost::hana;
    auto const visit = [&](auto const& member) {
        f(hana::to<char const*>(hana::first(member)), hana::second(member)(all));
    };
    hana::for_each(hana::accessors<settings>(), visit);
    hana::for_each(hana::accessors<planner_settings>(), visit);
}

/// A member's key in a file: without the section's name where it begins with that, which tells `[validation] steps` from
/// `[training] steps`.
inline std::string_view key_of(std::string_view section, std::string_view name) {
    bool const twice = !section.empty() && name.size() > section.size() && name.substr(0, section.size()) == section &&
                       name[section.size()] == '_';
    return twice ? name.substr(section.size() + 1) : name;
}

/// `seq_len` as a flag: `--seq-len`.
inline std::string flag_of(std::string_view name) {
    std::string flag = "--" + std::string(name);
    for (char& c : flag) c = c == '_' ? '-' : c;
    return flag;
}

/// What the command line or a configuration file got wrong: one line, exit code 2.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A message as one line, whatever names from outside are in it.
inline std::string one_line(std::string_view message) {
    std::string out;
    for (char const c : message) shardtype::detail::append_printable(out, c);
    return out;
}

/// False where this process is one of several and another speaks for all.
inline bool speaks = true;
/// One line on standard error, whatever names from outside are in it.
inline void say(std::string_view message) {
    if (speaks) std::fprintf(stderr, "train_llama: %s\n", one_line(message).c_str());
}
