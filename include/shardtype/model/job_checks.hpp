#pragma once

#include <shardtype/model/judge_job.hpp>
#include <shardtype/rules/checks.hpp>

namespace shardtype {

// A numbered check of a job, for this file only. What to write instead comes first, then every number that the rule
// looks at. @cond
#define SHARDTYPE_CHECK(number, name, text)                                                          \
    template <class Fix, class... Knobs>                                                             \
    struct ST_##number {                                                                             \
        static_assert(never<Fix>, "[ST-" #number "] " text ": see ST_" #number "<fix, factors...>"); \
    };                                                                                               \
    template <>                                                                                      \
    struct detail::check_of<code::name> {                                                            \
        template <class Fix, class... Knobs>                                                         \
        using with = ST_##number<Fix, Knobs...>;                                                     \
    }

SHARDTYPE_CHECK(J701, job_size, "a number of the job is below 1 or too large");
SHARDTYPE_CHECK(J702, job_degree,
                "a degree of parallelism is below 1; data_parallel_shard_degree may be -1, the rest of the world");
SHARDTYPE_CHECK(J703, job_degree_not_there,
                "pipeline and context parallelism are not supported yet: their degree is 1");
SHARDTYPE_CHECK(J704, job_world_size, "the product of the degrees of parallelism must be the world size");
SHARDTYPE_CHECK(J705, job_global_batch,
                "global_batch_size must be a multiple of local_batch_size x data_parallel_replicate_degree x "
                "data_parallel_shard_degree");
SHARDTYPE_CHECK(J706, job_head_dimension,
                "dim must be an even multiple of heads: rotary positions turn pairs within a head");
SHARDTYPE_CHECK(J707, job_kv_heads_of_heads, "heads must be a multiple of kv_heads");
SHARDTYPE_CHECK(J708, job_sequence,
                "seq_len must be a multiple of tensor_parallel_degree: the sequence is split between layers");
SHARDTYPE_CHECK(J709, job_heads, "heads must be a multiple of tensor_parallel_degree: whole heads are split");
SHARDTYPE_CHECK(J710, job_kv_heads,
                "kv_heads must be a multiple of tensor_parallel_degree, or divide it: whole heads are split or shared");
SHARDTYPE_CHECK(J711, job_ffn,
                "ffn_dim, the rows of w1 and w3, must be a multiple of tensor_parallel_degree x "
                "data_parallel_shard_degree");
SHARDTYPE_CHECK(J712, job_vocabulary,
                "vocabulary, the rows of the embedding and the output, must be a multiple of tensor_parallel_degree x "
                "data_parallel_shard_degree");
SHARDTYPE_CHECK(J713, job_dim,
                "dim, the rows of wq and of the norms, must be a multiple of tensor_parallel_degree x "
                "data_parallel_shard_degree");
SHARDTYPE_CHECK(J714, job_kv_columns,
                "kv_heads x (dim / heads), the rows of wk and wv, must be a multiple of data_parallel_shard_degree x "
                "the smaller one of tensor_parallel_degree and kv_heads");
SHARDTYPE_CHECK(J715, job_memory,
                "the job does not fit into the memory of a device: parameters + gradients + optimizer_states + "
                "activations, bytes of one rank, must be at most device_memory - reserved");

#undef SHARDTYPE_CHECK
// @endcond

namespace detail {

/// The knobs that a rule looks at, in the order of its text.
struct factors {
    knob at[6]{};
    int count = 0;
};
constexpr factors factors_of(code what, knob at) {
    constexpr knob world = knob::world_size, replicate = knob::data_parallel_replicate_degree,
                   shard = knob::data_parallel_shard_degree, tensor = knob::tensor_parallel_degree;
    // clang-format off
    switch (what) {
        case code::job_world_size: return {{world, replicate, shard, tensor}, 4};
        case code::job_global_batch: return {{knob::global_batch_size, knob::local_batch_size, replicate, shard}, 4};
        case code::job_head_dimension: return {{knob::dim, knob::heads}, 2};
        case code::job_kv_heads_of_heads: return {{knob::heads, knob::kv_heads}, 2};
        case code::job_sequence: return {{knob::seq_len, tensor}, 2};
        case code::job_heads: return {{knob::heads, tensor}, 2};
        case code::job_kv_heads: return {{knob::kv_heads, tensor}, 2};
        case code::job_ffn: return {{knob::ffn_dim, tensor, shard}, 3};
        case code::job_vocabulary: return {{knob::vocabulary, tensor, shard}, 3};
        case code::job_dim: return {{knob::dim, tensor, shard}, 3};
        case code::job_kv_columns: return {{knob::kv_heads, knob::dim, knob::heads, tensor, shard}, 5};
        default: return {{at}, 1};
    }
    // clang-format on
}

/// A knob's value as a message shows it: a shard degree of -1 as the number it stands for, where that is known.
constexpr long shown_value(job const& j, job_verdict const& v, knob k) {
    long const value = value_of(j, k);
    bool const rest = k == knob::data_parallel_shard_degree && value == -1;
    return rest && v.what > code::job_world_size ? v.dims.dp_shard : value;
}

}  // namespace detail
}  // namespace shardtype
