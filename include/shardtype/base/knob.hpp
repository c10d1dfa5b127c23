#pragma once

namespace shardtype {

/// A number that a training job is configured with, under torchtitan's name.
enum class knob : unsigned char {
    none,
    world_size,
    data_parallel_replicate_degree,
    data_parallel_shard_degree,
    tensor_parallel_degree,
    pipeline_parallel_degree,
    context_parallel_degree,
    seq_len,
    local_batch_size,
    global_batch_size,
    zero_stage,
    selective_ac_option,
    dim,
    layers,
    heads,
    kv_heads,
    ffn_dim,
    vocabulary,
    rope_theta,
    count,  ///< how many there are, `none` included
};

/// The knob's name, as a configuration file has it.
constexpr char const* name_of(knob k) {
    constexpr char const* names[] = {"none",
                                     "world_size",
                                     "data_parallel_replicate_degree",
                                     "data_parallel_shard_degree",
                                     "tensor_parallel_degree",
                                     "pipeline_parallel_degree",
                                     "context_parallel_degree",
                                     "seq_len",
                                     "local_batch_size",
                                     "global_batch_size",
                                     "zero_stage",
                                     "selective_ac_option",
                                     "dim",
                                     "layers",
                                     "heads",
                                     "kv_heads",
                                     "ffn_dim",
                                     "vocabulary",
                                     "rope_theta"};
    static_assert(sizeof names / sizeof names[0] == static_cast<unsigned>(knob::count));
    return names[static_cast<int>(k)];
}

/// A knob and its value, or the one to write instead.
struct knob_value {
    knob is = knob::none;  ///< none: no change
    long value = 0;        ///< of the knob
};

/// Knobs as types, because compilers print types best: `knobs::tensor_parallel_degree<4>`.
namespace knobs {
/// The knob of the same name with the value N; the bytes of a rank have their place here, too.
/// @{
// clang-format off
template <long N> struct world_size {};
template <long N> struct data_parallel_replicate_degree {};
template <long N> struct data_parallel_shard_degree {};
template <long N> struct tensor_parallel_degree {};
template <long N> struct pipeline_parallel_degree {};
template <long N> struct context_parallel_degree {};
template <long N> struct seq_len {};
template <long N> struct local_batch_size {};
template <long N> struct global_batch_size {};
template <long N> struct zero_stage {};
template <long N> struct selective_ac_option {};
template <long N> struct dim {};
template <long N> struct layers {};
template <long N> struct heads {};
template <long N> struct kv_heads {};
template <long N> struct ffn_dim {};
template <long N> struct vocabulary {};
template <long N> struct rope_theta {};
template <long Bytes> struct parameters {};
template <long Bytes> struct gradients {};
template <long Bytes> struct optimizer_states {};
template <long Bytes> struct activations {};
template <long Bytes> struct reserved {};
template <long Bytes> struct device_memory {};
// clang-format on
/// @}
/// What to write where activations do not fit beside the state: `activation_checkpoint = checkpoint_mode::full`.
struct activation_checkpoint_full {};
/// In the place of a fix: no local batch is small enough, the job needs more tensor or sharded data parallelism.
struct more_devices {};
}  // namespace knobs

namespace detail {
template <knob K, long N>
constexpr auto spell_knob() {
    using namespace knobs;
    // clang-format off
    if constexpr (K == knob::world_size) return world_size<N>{};
    else if constexpr (K == knob::data_parallel_replicate_degree) return data_parallel_replicate_degree<N>{};
    else if constexpr (K == knob::data_parallel_shard_degree) return data_parallel_shard_degree<N>{};
    else if constexpr (K == knob::tensor_parallel_degree) return tensor_parallel_degree<N>{};
    else if constexpr (K == knob::pipeline_parallel_degree) return pipeline_parallel_degree<N>{};
    else if constexpr (K == knob::context_parallel_degree) return context_parallel_degree<N>{};
    else if constexpr (K == knob::seq_len) return seq_len<N>{};
    else if constexpr (K == knob::local_batch_size) return local_batch_size<N>{};
    else if constexpr (K == knob::global_batch_size) return global_batch_size<N>{};
    else if constexpr (K == knob::zero_stage) return zero_stage<N>{};
    else if constexpr (K == knob::selective_ac_option) return selective_ac_option<N>{};
    else if constexpr (K == knob::dim) return dim<N>{};
    else if constexpr (K == knob::layers) return layers<N>{};
    else if constexpr (K == knob::heads) return heads<N>{};
    else if constexpr (K == knob::kv_heads) return kv_heads<N>{};
    else if constexpr (K == knob::ffn_dim) return ffn_dim<N>{};
    else if constexpr (K == knob::vocabulary) return vocabulary<N>{};
    else return rope_theta<N>{};
    // clang-format on
}
template <knob K, long N>
using spelled_knob = decltype(spell_knob<K, N>());
}  // namespace detail

}  // namespace shardtype
