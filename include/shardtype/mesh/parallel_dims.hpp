#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/base/knob.hpp>

namespace shardtype {

/// torchtitan's [parallelism]: how many devices each kind of parallelism has. Their product is the world size.
struct parallel_degrees {
    long data_parallel_replicate_degree = 1;  ///< whole copies of the parameters (DDP, HSDP's outer axis)
    long data_parallel_shard_degree = -1;     ///< parts of the parameters (FSDP); -1: what the others leave
    long tensor_parallel_degree = 1;          ///< parts of every layer, and of the sequence between layers
    long pipeline_parallel_degree = 1;        ///< 1, the others are not supported yet
    long context_parallel_degree = 1;         ///< 1, the others are not supported yet
};

/// No knob is larger: then products of two are numbers.
inline constexpr long largest_knob = 1L << 24;

/// The degrees of a world, all known; or what is wrong with them.
struct parallel_dims {
    long dp_replicate = 1;  ///< size of the mesh axis dp_replicate
    long dp_shard = 1;      ///< size of dp_shard
    long tp = 1;            ///< size of tp
    code what = code::ok;   ///< the rule that is broken
    knob at = knob::none;   ///< by this knob

    /// In how many parts the batch is split.
    constexpr long data_parallel_degree() const { return dp_replicate * dp_shard; }
};

namespace detail {
/// a x b, or one more than the largest world where it is larger than that.
constexpr long bounded_product(long a, long b) { return a > largest_knob / b ? largest_knob + 1 : a * b; }
}  // namespace detail

/// torchtitan's rules: every degree is at least 1 (the shard degree may be -1, the rest of the world), and their product
/// is the world size. 64 devices with tensor_parallel_degree 4 and the rest sharded: {1, 16, 4}.
/// @pre world_size is at least 1
/// @return the sizes, or the broken rule: [ST-J702] to [ST-J704]
constexpr parallel_dims parallel_dims_of(parallel_degrees const& given, long world_size) {
    constexpr knob names[] = {knob::data_parallel_replicate_degree, knob::data_parallel_shard_degree,
                              knob::tensor_parallel_degree, knob::pipeline_parallel_degree,
                              knob::context_parallel_degree};
    long const degrees[] = {given.data_parallel_replicate_degree, given.data_parallel_shard_degree,
                            given.tensor_parallel_degree, given.pipeline_parallel_degree,
                            given.context_parallel_degree};
    bool const rest = given.data_parallel_shard_degree == -1;
    parallel_dims d;
    d.dp_replicate = degrees[0];
    d.dp_shard = degrees[1];
    d.tp = degrees[2];
    long others = 1;
    for (int i = 0; i < 5; ++i) {
        if (i == 1 && rest) continue;
        if (degrees[i] < 1) {
            d.what = code::job_degree;
            d.at = names[i];
            return d;
        }
        others = detail::bounded_product(others, degrees[i]);
    }
    for (int i = 3; i < 5; ++i)
        if (degrees[i] != 1) {
            d.what = code::job_degree_not_there;
            d.at = names[i];
            return d;
        }
    if (rest && world_size % others == 0) {
        d.dp_shard = world_size / others;
    } else if (rest || others != world_size) {
        d.what = code::job_world_size;
        d.at = rest ? knob::tensor_parallel_degree : knob::data_parallel_shard_degree;
    }
    return d;
}

}  // namespace shardtype
