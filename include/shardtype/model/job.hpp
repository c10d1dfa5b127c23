#pragma once

#include <shardtype/mesh/parallel_dims.hpp>
#include <shardtype/model/llama.hpp>

namespace shardtype {

/// The type of activations and of weights in use: torchtitan's `mixed_precision_param`. State, reductions of gradients,
/// norms and sums are float32 in both.
enum class precision : unsigned char { float32, bfloat16 };

/// torchtitan's [activation_checkpoint] `mode`: which blocks of the model keep no activations for backward, and are walked
/// once more there.
enum class checkpoint_mode : unsigned char { none, selective, full };

/// A training job in torchtitan's words. The defaults are torchtitan's, but float32 and no recomputation; on one device.
struct job {
    llama_config model = llama3_debug;                     ///< sizes of the model
    parallel_degrees parallel{};                           ///< how the devices are used
    long world_size = 1;                                   ///< devices
    long seq_len = 2048;                                   ///< tokens of a sequence
    long local_batch_size = 8;                             ///< sequences of a data-parallel rank in one micro-batch
    long global_batch_size = -1;                           ///< sequences of a step over all ranks; -1: one micro-batch
    precision mixed_precision_param = precision::float32;  ///< of activations and of weights in use
    checkpoint_mode activation_checkpoint = checkpoint_mode::none;  ///< full: all blocks are recomputed
    long selective_ac_option = 2;  ///< selective: one block in so many is, the first layers / n of them
    long zero_stage = 3;  ///< what dp_shard splits: 1 optimizer states, 2 gradients too, 3 parameters too (FSDP)
};

/// What the rules say of a job: the broken rule, the knob it is about, and what to write instead.
struct job_verdict {
    code what = code::ok;  ///< the first broken rule, job_size to job_kv_columns
    knob at = knob::none;  ///< the knob that is wrong
    parallel_dims dims{};  ///< sizes of the mesh
    knob_value fix[2]{};   ///< the nearest change that makes the job legal: one knob or two

    /// Whether no rule is broken.
    constexpr bool legal() const { return what == code::ok; }
};

/// The value of a knob in a job.
constexpr long value_of(job const& j, knob k) {
    // clang-format off
    switch (k) {
        case knob::world_size: return j.world_size;
        case knob::data_parallel_replicate_degree: return j.parallel.data_parallel_replicate_degree;
        case knob::data_parallel_shard_degree: return j.parallel.data_parallel_shard_degree;
        case knob::tensor_parallel_degree: return j.parallel.tensor_parallel_degree;
        case knob::pipeline_parallel_degree: return j.parallel.pipeline_parallel_degree;
        case knob::context_parallel_degree: return j.parallel.context_parallel_degree;
        case knob::seq_len: return j.seq_len;
        case knob::local_batch_size: return j.local_batch_size;
        case knob::global_batch_size: return j.global_batch_size;
        case knob::zero_stage: return j.zero_stage;
        case knob::selective_ac_option: return j.selective_ac_option;
        case knob::dim: return j.model.dim;
        case knob::layers: return j.model.layers;
        case knob::heads: return j.model.heads;
        case knob::kv_heads: return j.model.kv_heads;
        case knob::ffn_dim: return j.model.ffn_dim;
        case knob::vocabulary: return j.model.vocabulary;
        case knob::rope_theta: return j.model.rope_theta;
        default: return 0;
    }
    // clang-format on
}

/// The job with another value of one knob.
constexpr job with_knob(job j, knob_value to) {
    // clang-format off
    switch (to.is) {
        case knob::world_size: j.world_size = to.value; break;
        case knob::data_parallel_replicate_degree: j.parallel.data_parallel_replicate_degree = to.value; break;
        case knob::data_parallel_shard_degree: j.parallel.data_parallel_shard_degree = to.value; break;
        case knob::tensor_parallel_degree: j.parallel.tensor_parallel_degree = to.value; break;
        case knob::pipeline_parallel_degree: j.parallel.pipeline_parallel_degree = to.value; break;
        case knob::context_parallel_degree: j.parallel.context_parallel_degree = to.value; break;
        case knob::seq_len: j.seq_len = to.value; break;
        case knob::local_batch_size: j.local_batch_size = to.value; break;
        case knob::global_batch_size: j.global_batch_size = to.value; break;
        case knob::zero_stage: j.zero_stage = to.value; break;
        case knob::selective_ac_option: j.selective_ac_option = to.value; break;
        case knob::dim: j.model.dim = to.value; break;
        case knob::layers: j.model.layers = static_cast<int>(to.value); break;
        case knob::heads: j.model.heads = to.value; break;
        case knob::kv_heads: j.model.kv_heads = to.value; break;
        case knob::ffn_dim: j.model.ffn_dim = to.value; break;
        case knob::vocabulary: j.model.vocabulary = to.value; break;
        case knob::rope_theta: j.model.rope_theta = to.value; break;
        default: break;
    }
    // clang-format on
    return j;
}

/// The largest value of a knob in any job; the least is 1.
constexpr long most_of(knob k) {
    if (k == knob::zero_stage) return 3;
    if (k == knob::layers) return 32000;  // the trips of a repeat
    if (k == knob::rope_theta) return 1L << 40;
    return largest_knob;
}

/// The largest value of a knob in this job: of more blocks than there are, none would be the one to recompute.
constexpr long most_of(job const& j, knob k) {
    bool const blocks = k == knob::selective_ac_option && j.activation_checkpoint == checkpoint_mode::selective;
    return blocks && j.model.layers > 0 ? j.model.layers : most_of(k);
}

/// How many blocks of a legal job are recomputed, from the first on; -1: all.
constexpr int recomputed_blocks_of(job const& j) {
    if (j.activation_checkpoint == checkpoint_mode::none) return 0;
    bool const all = j.activation_checkpoint == checkpoint_mode::full || j.selective_ac_option == 1;
    return all ? -1 : static_cast<int>(j.model.layers / j.selective_ac_option);
}

/// Sequences of one micro-batch over all ranks. @pre the degrees are right
constexpr long micro_batch_of(job const& j, parallel_dims const& d) {
    return j.local_batch_size * d.data_parallel_degree();
}

/// Parts that tensor parallelism splits the kv heads into: fewer than its ranks where those share them.
constexpr long kv_parts_of(job const& j, parallel_dims const& d) {
    return d.tp < j.model.kv_heads ? d.tp : j.model.kv_heads;
}

}  // namespace shardtype
