#pragma once

#include <string_view>

#include <shardtype/model/job.hpp>

// What a configuration file may hold: the keys that a check reads, and those of torchtitan that change nothing in it
// (more of them in torchtitan_keys.hpp).

/// What stands behind an equals sign.
enum class value_kind { whole, number, truth, text, any };

/// A key that becomes a knob of the job.
struct knob_key {
    std::string_view section;
    shardtype::knob is;
};
inline constexpr knob_key knob_keys[] = {
    {"training", shardtype::knob::seq_len},
    {"training", shardtype::knob::local_batch_size},
    {"training", shardtype::knob::global_batch_size},
    {"parallelism", shardtype::knob::world_size},
    {"parallelism", shardtype::knob::data_parallel_replicate_degree},
    {"parallelism", shardtype::knob::data_parallel_shard_degree},
    {"parallelism", shardtype::knob::tensor_parallel_degree},
    {"parallelism", shardtype::knob::pipeline_parallel_degree},
    {"parallelism", shardtype::knob::context_parallel_degree},
    {"parallelism", shardtype::knob::zero_stage},
};

/// A key that takes one of some words; their order is that of the job's enumeration.
struct word_key {
    std::string_view section, key;
    char const* words[3];
};
inline constexpr word_key word_keys[] = {
    {"training", "mixed_precision_param", {"float32", "bfloat16", nullptr}},        // as in shardtype::precision
    {"activation_checkpoint", "mode", {"none", "selective", "full"}},               // as in checkpoint_mode
    {"parallelism", "fsdp_reshard_after_forward", {"default", "always", "never"}},  // never: ZeRO-2
};

/// torchtitan writes it as a text, "2" or "op".
inline constexpr std::string_view blocks_section = "activation_checkpoint", blocks_key = "selective_ac_option";

/// A model by torchtitan's names: [model] name = "llama3", flavor = "8B".
struct model_flavor {
    std::string_view flavor;
    char const* constant;
    shardtype::llama_config sizes;
};
inline constexpr model_flavor model_flavors[] = {
    {"debugmodel", "llama3_debug", shardtype::llama3_debug},
    {"8B", "llama3_8b", shardtype::llama3_8b},
    {"70B", "llama3_70b", shardtype::llama3_70b},
    {"405B", "llama3_405b", shardtype::llama3_405b},
};

/// A key of torchtitan's without effect on a check; its kind is checked all the same.
struct other_key {
    std::string_view section, key;
    value_kind kind;
};
inline constexpr other_key other_keys[] = {
    {"training", "steps", value_kind::whole},
    {"training", "seed", value_kind::whole},
    {"training", "max_norm", value_kind::number},
    {"training", "dataset", value_kind::text},
    {"training", "dataset_path", value_kind::text},
    {"optimizer", "lr", value_kind::number},
    {"optimizer", "beta1", value_kind::number},
    {"optimizer", "beta2", value_kind::number},
    {"optimizer", "eps", value_kind::number},
    {"optimizer", "weight_decay", value_kind::number},
    {"lr_scheduler", "warmup_steps", value_kind::whole},
    {"lr_scheduler", "decay_ratio", value_kind::number},
    {"lr_scheduler", "min_lr_factor", value_kind::number},
    {"metrics", "log_freq", value_kind::whole},
    {"profiling", "enable_profiling", value_kind::truth},
    {"validation", "enable", value_kind::truth},
    {"validation", "dataset", value_kind::text},
    {"validation", "freq", value_kind::whole},
    {"validation", "steps", value_kind::whole},
    {"validation", "fraction", value_kind::number},
};

/// Sections whose torchtitan_keys have no say in what is checked: any value is right.
inline constexpr std::string_view free_sections[] = {"job", "metrics", "profiling"};
