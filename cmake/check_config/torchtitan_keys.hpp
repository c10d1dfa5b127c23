#pragma once

#include <string_view>

// What a torchtitan file may hold besides our settings (names: torchtitan/config/job_config.py, 2025).

/// A key that has one meaning here: another value is refused. An empty value: any, it changes nothing here.
struct torchtitan_key {
    std::string_view section, key, only;
};
inline constexpr torchtitan_key torchtitan_keys[] = {
    {"job", "config_file", ""},
    {"job", "description", ""},
    {"job", "dump_folder", ""},
    {"job", "print_args", ""},
    {"job", "use_for_integration_test", ""},
    {"profiling", "save_traces_folder", ""},
    {"profiling", "profile_freq", ""},
    {"profiling", "enable_memory_snapshot", "false"},
    {"profiling", "save_memory_snapshot_folder", ""},
    {"metrics", "disable_color_printing", ""},
    {"metrics", "enable_tensorboard", "false"},
    {"metrics", "enable_wandb", "false"},
    {"metrics", "save_for_all_ranks", ""},
    {"metrics", "save_tb_folder", ""},
    {"model", "name", "llama3"},
    {"model", "flavor", "debugmodel"},
    {"model", "hf_assets_path", ""},
    {"model", "tokenizer_path", ""},
    {"model", "print_after_conversion", ""},
    {"optimizer", "name", "AdamW"},
    {"optimizer", "implementation", ""},
    {"lr_scheduler", "decay_type", "linear"},
    {"training", "compile", ""},
    {"training", "deterministic", ""},
    {"training", "enable_cpu_offload", "false"},
    {"training", "gc_freq", ""},
    {"training", "gc_debug", ""},
    {"training", "mixed_precision_reduce", "float32"},
    {"parallelism", "context_parallel_degree", "1"},
    {"parallelism", "pipeline_parallel_degree", "1"},
    {"parallelism", "expert_parallel_degree", "1"},
    {"parallelism", "enable_async_tensor_parallel", "false"},
    {"parallelism", "enable_compiled_autograd", ""},
    {"parallelism", "disable_loss_parallel", "false"},
    {"activation_checkpoint", "debug", ""},
    {"activation_checkpoint", "determinism_check", ""},
    {"activation_checkpoint", "early_stop", ""},
    {"activation_checkpoint", "memory_budget", ""},
    {"activation_checkpoint", "per_op_sac_force_recompute_mm_shapes_by_fqns", ""},
    {"activation_checkpoint", "preserve_rng_state", ""},
    {"activation_checkpoint", "visualize_memory_budget_pareto", ""},
    {"validation", "dataset_path", ""},
    {"validation", "local_batch_size", ""},
    {"validation", "seq_len", ""},
};

/// Sections of which nothing is here: any key, but none that switches something on (`enable...` = true).
inline constexpr std::string_view torchtitan_sections[] = {
    "checkpoint",      "comm",   "compile",           "debug", "experimental",
    "fault_tolerance", "float8", "memory_estimation", "mx",    "quantize"};
