#pragma once

#include "published_jobs.hpp"

#include <shardtype/plan/predict.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

/// The published runs, the jobs that stand for them, and what is declared of the software that they ran on.
namespace published {

namespace st = shardtype;
using namespace published_jobs;

// ---- software stacks ----

/// Attention with its scores in memory: bytes read and written for each score, and flops not halved by the mask.
struct unfused_attention {
    bool there = false;
    bool recomputed = false;  ///< once more for backward: Megatron's selective recomputation
};

/// Hardware as one software stack uses it: what is declared of it, and what is fitted.
struct pair {
    char const *hardware = "", *software = "";
    st::hardware on{};
    int fitted = 0;                         ///< constants: 1 the products' efficiency, 2 memory's too
    double loss_bytes = 8;                  ///< of a logit, both directions; 8 here, 36 to 52 by kernels on float32
    double optimizer_bytes = 28;            ///< of a parameter's update; 28 in one pass
    bool hides_tensor_collectives = false;  ///< overlapped with the products beside them
    bool gathers_again = false;    ///< the inputs of products, for their weights' gradients, behind other products
    bool copies_gathered = false;  ///< sequences of several rows: the gathered parts are put in order by a copy
    bool keeps_casts = false;      ///< weights in half precision are made by the optimizer, not where they are used
};

constexpr st::measured_rates with_attention(st::measured_rates rates, st::attention_rate attention) {
    rates.attention = attention;
    return rates;
}
// FlashAttention-2 at head size 128 under the causal mask: arXiv 2407.08608, figures 5 and 6, and 2307.08691, figure 4.
inline constexpr st::measured_rates h100_flash_2 = with_attention(st::h100_rates, {374, 400, 303, 600}),
                                    a100_flash_2 = with_attention(st::a100_rates, {660, 400, 590, 600});

constexpr st::hardware make_h100_500w() {
    st::hardware h = st::h100_sxm;  // HBM2e, 500 W instead of 700
    h.memory_bandwidth = 2'400'000'000'000;
    h.measured = &h100_flash_2;
    return h;
}
constexpr st::hardware make_a100() {
    st::hardware h = st::a100_80gb;
    h.measured = &a100_flash_2;
    return h;
}

/// Of a GPU, what a collective takes from the kernels beside it: Calculon's share for NVLink (systems/a100_80g.json).
inline constexpr double processor_share = .15;

enum pair_name {
    titan_eager,
    titan_compiled,
    titan_2026,
    titan_a100,
    megatron_h100,
    megatron_2021,
    megatron_2022,
    pairs
};
inline constexpr pair pair_of[pairs] = {
    {.hardware = "H100 96 GB 500 W",
     .software = "torchtitan 2024, eager",
     .on = make_h100_500w(),
     .fitted = 1,
     .loss_bytes = 36},
    {.hardware = "H100 96 GB 500 W",
     .software = "torchtitan, torch.compile",
     .on = make_h100_500w(),
     .fitted = 2,
     .loss_bytes = 36,
     .copies_gathered = true},
    {.hardware = "H100",
     .software = "PyTorch 2026, torch.compile",
     .on = st::h100_sxm,
     .fitted = 1,
     .loss_bytes = 36,
     .copies_gathered = true},
    {.hardware = "A100 80 GB", .software = "torchtitan 2024", .on = make_a100(), .fitted = 2, .loss_bytes = 36},
    {.hardware = "H100 80 GB",
     .software = "Megatron Core 2024",
     .on = st::h100_sxm,
     .fitted = 2,
     .loss_bytes = 52,
     .optimizer_bytes = 42,
     .hides_tensor_collectives = true,
     .gathers_again = true,
     .keeps_casts = true},
    {.hardware = "A100 80 GB",
     .software = "Megatron-LM 2021",
     .on = st::a100_80gb,
     .fitted = 2,
     .loss_bytes = 52,
     .optimizer_bytes = 54,
     .keeps_casts = true},
    {.hardware = "A100 80 GB",
     .software = "Megatron-LM 2022",
     .on = st::a100_80gb,
     .fitted = 2,
     .loss_bytes = 52,
     .optimizer_bytes = 54,
     .gathers_again = true,
     .keeps_casts = true},
};

// ---- rows ----

struct lowered_job {
    std::unique_ptr<st::schedule_builder> built;
    st::cluster on{};
    int micro_batches = 1;
    double tokens_of_rank = 0;
    int tensor_axis = -1;
};

template <class Job>
lowered_job lower() {
    auto const g = std::make_unique<st::graph>(st::read_model<typename Job::model>(
        st::strategy_of<typename Job::mesh, typename Job::strategy>, Job::batch, st::dtype::f32, st::dtype::bf16));
    lowered_job j;
    j.built = std::make_unique<st::schedule_builder>(
        st::detail::lower<st::library_operations>(*g, &st::detail::no_scratch, Job::mesh::size > 1));
    if (!g->ok() || !j.built->says.legal()) {
        std::fprintf(stderr, "published: a job was refused: rule %d, %s\n",
                     static_cast<int>(g->ok() ? j.built->says.what : g->says.what), g->failed_in.data);
        std::exit(1);
    }
    j.on = st::cluster_of<typename Job::mesh>({});
    j.micro_batches = Job::batch.micro_batches;
    j.tokens_of_rank =
        static_cast<double>(Job::batch.global) * static_cast<double>(Job::batch.sequence) / Job::mesh::size;
    for (int a = 0; a < g->policy.axes; ++a)
        if (g->policy.splits_weights(a)) j.tensor_axis = a;
    return j;
}

/// Reserved over allocated memory: torchtitan in AutoParallel's pull request 481, 9.43 and 8.62 GiB.
inline constexpr double allocator_slack = 9.43 / 8.62;

enum class measured : unsigned char { tokens_per_second, seconds, model_flops, layer_seconds };

struct row {
    char const *run = "", *layout = "";
    pair_name of = titan_eager;
    measured by = measured::seconds;
    double published = 0;  ///< of a GPU: tokens/s, or s, or TFLOP/s
    double flops = 0;      ///< of a step and GPU, as the source counts them, where it gives TFLOP/s
    double memory = 0;     ///< published GiB, or 0; negative: of PyTorch's reserved memory
    double beside = 0;     ///< bytes that the stack holds and this library does not
    bool fit = false;
    lowered_job (*job)() = nullptr;
    lowered_job (*memory_job)() = nullptr;  ///< another one to count the memory of
    unfused_attention scores{};
    bool all_again = false;  ///< backward begins with the whole forward, also of what it does not need
    lowered_job time_of{}, memory_of{};
};

// What Megatron's papers call the flops of a step; of 2021 with all of forward recomputed.
inline double gpt_flops(st::gpt2_config const& c, double sequences, double gpus, bool recomputed) {
    double const s = static_cast<double>(c.sequence), h = static_cast<double>(c.dim), l = c.layers,
                 v = static_cast<double>(c.vocabulary), forward = 24 * sequences * s * l * h * h;
    double const whole = recomputed ? 4 * forward * (1 + s / (6 * h) + v / (16 * l * h))
                                    : 3 * forward * (1 + s / (6 * h) + v / (12 * l * h));
    return whole / gpus;
}
// Bytes that torchtitan holds for one rank and this library does not: log-probabilities and two gradients of the logits
// in float32 beside one pair in bf16, and of a recomputed block what "selective op" keeps: wq, wv, attention, w1; the
// sum over tensor ranks behind wo; w2's result too where no compiler sees that nobody needs it.
inline double titan_beside(st::llama_config const& c, double tokens, int tensor_ranks, bool eager) {
    double const h = static_cast<double>(c.dim),
                 kv = h / static_cast<double>(c.heads) * static_cast<double>(c.kv_heads),
                 f = static_cast<double>(c.ffn_dim), v = static_cast<double>(c.vocabulary);
    return tokens / tensor_ranks * (8 * v + 2 * c.layers * ((eager || tensor_ranks > 1 ? 3 : 2) * h + kv + f));
}
// Megatron keeps a copy of the weights in half precision (2 bytes of its 18 a parameter) and two dropout masks of a
// byte. Of a block's two gathered inputs it keeps this rank's part, and gathers once more.
inline double megatron_beside(st::gpt2_config const& c, double tokens, int ranks, bool recomputed) {
    double const h = static_cast<double>(c.dim), l = c.layers, v = static_cast<double>(c.vocabulary);
    double const weights = 2 * (12 * l * h * h + v * h) / ranks;
    return recomputed ? weights : weights + l * tokens * h * (2 - 2 * 2 * (ranks - 1.0)) / ranks;
}

using tp_only = st::tensor_parallel<tensors<8>>;
using sp_only = st::sequence_parallel<tensors<8>>;

inline row rows_of[] = {
    // torchtitan, benchmarks/llama3_h100_202412_torchtitan.md (tables 1 and 3)
    {"Llama 3 8B, 2 x 8192, selective op", "fsdp 8", titan_eager, measured::tokens_per_second, 5762, 0, -82.4,
     titan_beside(st::llama3_8b, 16384, 1, true), true, &lower<sharded<llama3_8b, 8, 2, 8192, op_8b>>,
     &lower<sharded<llama3_8b, 8, 2, 8192, st::recompute>>},
    {"Llama 3 8B, 2 x 8192, selective op", "fsdp 128", titan_eager, measured::tokens_per_second, 5605, 0, -67.0,
     titan_beside(st::llama3_8b, 16384, 1, true), false, &lower<sharded<llama3_8b, 128, 2, 8192, op_8b>>,
     &lower<sharded<llama3_8b, 128, 2, 8192, st::recompute>>},
    {"Llama 3 8B, 2 x 8192, selective op", "fsdp 8", titan_compiled, measured::tokens_per_second, 6667, 0, -77.0,
     titan_beside(st::llama3_8b, 16384, 1, false), true, &lower<sharded<llama3_8b, 8, 2, 8192, op_8b>>,
     &lower<sharded<llama3_8b, 8, 2, 8192, st::recompute>>},
    {"Llama 3 8B, 2 x 8192, selective op", "fsdp 128", titan_compiled, measured::tokens_per_second, 6514, 0, -62.0,
     titan_beside(st::llama3_8b, 16384, 1, false), false, &lower<sharded<llama3_8b, 128, 2, 8192, op_8b>>,
     &lower<sharded<llama3_8b, 128, 2, 8192, st::recompute>>},
    // torchtitan, benchmarks/asyncTP_llama3_h100_2025-06_torchtitan.md (vanilla TP, bf16)
    {"Llama 3 8B, 12 x 8192, selective op", "fsdp 8, tp 8", titan_compiled, measured::tokens_per_second, 4378, 0, 0, 0,
     true, &lower<in_2d<llama3_8b, 8, 8, 12, 8192, op_8b>>},
    {"Llama 3 70B, 16 x 8192, full", "fsdp 32, tp 8", titan_compiled, measured::tokens_per_second, 597.3, 0, 0, 0,
     false, &lower<in_2d<llama3_70b, 32, 8, 16, 8192, st::recompute>>},
    // AutoParallel, pull request 481: the least step times of torchtitan and of AutoParallel without constraints;
    // memory allocated (reserved: 9.43 and 8.06)
    {"Llama 3 8B, 2 x 8192, selective op", "fsdp 16, tp 8", titan_2026, measured::seconds, .3662, 0, 8.62,
     titan_beside(st::llama3_8b, 16384, 8, false), true, &lower<in_2d<llama3_8b, 16, 8, 2, 8192, op_8b>>,
     &lower<in_2d<llama3_8b, 16, 8, 2, 8192, st::recompute>>},
    {"Llama 3 8B, 2 x 8192, AutoParallel", "fsdp 16, tp 8", titan_2026, measured::seconds, .3793, 0, 7.69,
     titan_beside(st::llama3_8b, 16384, 8, false), false, &lower<in_2d<llama3_8b, 16, 8, 2, 8192, op_8b>>,
     &lower<in_2d<llama3_8b, 16, 8, 2, 8192, st::recompute>>},
    // torchtitan, docs/performance.md of 2024, 64 A100
    {"Llama 2 13B, 2 x 4096, none", "fsdp 64", titan_a100, measured::tokens_per_second, 2162, 0, 0, 0, true,
     &lower<sharded<llama_13b, 64, 2, 4096>>},
    {"Llama 2 13B, 2 x 4096, selective layer", "fsdp 64", titan_a100, measured::tokens_per_second, 1914, 0, 0, 0, false,
     &lower<sharded<llama_13b, 64, 2, 4096, every_second_of_40>>},
    {"Llama 2 13B, 2 x 4096, selective op", "fsdp 64", titan_a100, measured::tokens_per_second, 1904, 0, 0, 0, false,
     &lower<sharded<llama_13b, 64, 2, 4096, op_13b>>},
    {"Llama 2 70B, 1 x 4096, selective op", "fsdp 64", titan_a100, measured::tokens_per_second, 355, 0, 0, 0, false,
     &lower<sharded<llama_70b, 64, 1, 4096, op_70b>>},
    {"Llama 2 70B, 2 x 4096, full", "fsdp 64", titan_a100, measured::tokens_per_second, 353, 0, 0, 0, true,
     &lower<sharded<llama_70b, 64, 2, 4096, st::recompute>>},
    {"Llama 3 8B, 1 x 8192, selective layer", "fsdp 64", titan_a100, measured::tokens_per_second, 2904, 0, 0, 0, false,
     &lower<sharded<llama3_8b, 64, 1, 8192, every_second_of_32>>},
    {"Llama 3 8B, 1 x 8192, selective op", "fsdp 64", titan_a100, measured::tokens_per_second, 2973, 0, 0, 0, false,
     &lower<sharded<llama3_8b, 64, 1, 8192, op_8b>>},
    {"Llama 3 70B, 1 x 8192, full", "fsdp 64", titan_a100, measured::tokens_per_second, 331, 0, 0, 0, false,
     &lower<sharded<llama3_70b, 64, 1, 8192, st::recompute>>},
    // Megatron Core, README of 2024 (images/model_table.png)
    {"GPT 1.7B, 4 x 4096", "fsdp 48", megatron_h100, measured::model_flops, 408.8, gpt_flops(h100_1_7b, 192, 48, false),
     0, 0, true, &lower<optimizer_sharded<h100_1_7b, 48, 4>>},
    {"GPT 7.1B, 4 x 4096", "fsdp 48, tp 2", megatron_h100, measured::model_flops, 465.9,
     gpt_flops(h100_7_1b, 192, 96, false), 0, 0, false, &lower<optimizer_sharded_2d<h100_7_1b, 48, 2, 4>>},
    {"GPT 16B, 4 x 4096", "fsdp 48, tp 4", megatron_h100, measured::model_flops, 489.1,
     gpt_flops(h100_16b, 192, 192, false), 0, 0, false, &lower<optimizer_sharded_2d<h100_16b, 48, 4, 4>>},
    {"GPT 32B, 4 x 4096", "fsdp 48, tp 8", megatron_h100, measured::model_flops, 459.6,
     gpt_flops(h100_32b, 192, 384, false), 0, 0, true, &lower<optimizer_sharded_2d<h100_32b, 48, 8, 4>>},
    // Megatron-LM, arXiv 2104.04473 table 1: all recomputed
    {"GPT 1.7B, 16 x 2048, full",
     "dp 32",
     megatron_2021,
     measured::model_flops,
     137,
     gpt_flops(a100_1_7b, 512, 32, true),
     0,
     0,
     true,
     &lower<replicated<a100_1_7b, 32, 16, 2>>,
     nullptr,
     {true},
     true},
    {"GPT 3.6B, 16 x 2048, full",
     "dp 32, tp 2",
     megatron_2021,
     measured::model_flops,
     138,
     gpt_flops(a100_3_6b, 512, 64, true),
     0,
     0,
     false,
     &lower<replicated_2d<a100_3_6b, 32, 2, 16, 2>>,
     nullptr,
     {true},
     true},
    {"GPT 7.5B, 16 x 2048, full",
     "dp 32, tp 4",
     megatron_2021,
     measured::model_flops,
     142,
     gpt_flops(a100_7_5b, 512, 128, true),
     0,
     0,
     false,
     &lower<replicated_2d<a100_7_5b, 32, 4, 16, 2>>,
     nullptr,
     {true},
     true},
    {"GPT 18B, 32 x 2048, full",
     "dp 32, tp 8",
     megatron_2021,
     measured::model_flops,
     135,
     gpt_flops(a100_18b, 1024, 256, true),
     0,
     0,
     true,
     &lower<replicated_2d<a100_18b, 32, 8, 32, 4>>,
     nullptr,
     {true},
     true},
    // Megatron-LM, arXiv 2205.05198: table 4 (one layer, forward and backward), table 5, figure 1 and 7 (memory)
    {"GPT 22B, 4 x 2048, a layer, none",
     "tp 8",
     megatron_2022,
     measured::layer_seconds,
     .0196,
     0,
     0,
     0,
     true,
     &lower<in_tensors<a100_22b, 8, 4, tp_only>>,
     nullptr,
     {true}},
    {"GPT 22B, 4 x 2048, a layer, none",
     "tp 8, sequence",
     megatron_2022,
     measured::layer_seconds,
     .0190,
     0,
     0,
     0,
     true,
     &lower<in_tensors<a100_22b, 8, 4, sp_only>>,
     nullptr,
     {true}},
    {"GPT 22B, 4 x 2048, a layer, full",
     "tp 8",
     megatron_2022,
     measured::layer_seconds,
     .0272,
     0,
     0,
     0,
     true,
     &lower<in_tensors<a100_22b, 8, 4, tp_only>>,
     nullptr,
     {true},
     true},
    {"GPT 22B, 4 x 2048, a layer, attention",
     "tp 8",
     megatron_2022,
     measured::layer_seconds,
     .0209,
     0,
     0,
     0,
     true,
     &lower<in_tensors<a100_22b, 8, 4, tp_only>>,
     nullptr,
     {true, true}},
    {"GPT 22B, 4 x 2048, a layer, attention",
     "tp 8, sequence",
     megatron_2022,
     measured::layer_seconds,
     .0203,
     0,
     0,
     0,
     true,
     &lower<in_tensors<a100_22b, 8, 4, sp_only>>,
     nullptr,
     {true, true}},
    {"GPT 22B, 4 x 2048, full",
     "tp 8",
     megatron_2022,
     measured::seconds,
     1.42,
     0,
     50.09,
     megatron_beside(a100_22b, 8192, 8, true),
     false,
     &lower<in_tensors<a100_22b, 8, 4, tp_only>>,
     &lower<in_tensors<a100_22b, 8, 4, tp_only, st::recompute>>,
     {true},
     true},
    {"GPT 22B, 4 x 2048, attention",
     "tp 8, sequence",
     megatron_2022,
     measured::seconds,
     1.10,
     0,
     55.13,
     megatron_beside(a100_22b, 8192, 8, false),
     false,
     &lower<in_tensors<a100_22b, 8, 4, sp_only>>,
     nullptr,
     {true, true}},
};

inline constexpr char const* omitted[][2] = {
    {"Llama 3 405B, H100, three runs", "pipeline parallelism (and context parallelism in the third)"},
    {"torchtitan H100, rows with Float8", "fp8 matrix products"},
    {"torchtitan H100, tables 2, 5 and 6", "context parallelism, pipeline parallelism, fp8"},
    {"torchtitan H100, AsyncTP",
     "products split into parts that overlap with their own collective: the schedule has none"},
    {"AutoParallel with constraints", "a layout that its solver found and the pull request does not state"},
    {"Megatron Core H100, 70B and larger", "pipeline parallelism"},
    {"Megatron-LM A100, 39B and larger", "pipeline parallelism"},
    {"Megatron-LM A100 (2205.05198), 175B, 530B, 1T", "pipeline parallelism"},
};

}  // namespace published
