#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/base/type_list.hpp>

namespace shardtype {

/// What one mesh axis is used for.
enum class role : unsigned char {
    none,
    data_parallel,
    sharded_optimizer,
    sharded_gradients,
    fully_sharded,
    tensor_parallel,
    sequence_parallel
};

/// DDP: the batch is split, parameters are stored whole; gradients are all-reduced.
template <class Axis>
struct ddp {
    using axis = Axis;
    static constexpr role value = role::data_parallel;
};
/// ZeRO-1: the batch is split, optimizer states and the weights that they update are stored in shards. Each rank keeps a
/// whole copy of the weights, gathered once per step, and sums whole gradients, reduced once per step.
template <class Axis>
struct zero1 {
    using axis = Axis;
    static constexpr role value = role::sharded_optimizer;
};
/// ZeRO-2: as `zero1`, but gradients are reduced to their shards as they are made, in each micro-batch.
template <class Axis>
struct zero2 {
    using axis = Axis;
    static constexpr role value = role::sharded_gradients;
};
/// FSDP, ZeRO-3: the batch is split, parameters, gradients and optimizer states are stored in shards; gathered for use.
template <class Axis>
struct fsdp {
    using axis = Axis;
    static constexpr role value = role::fully_sharded;
};
/// FSDP of parameters whose rows may not divide evenly: those are stored in padded shards, whose last ranks hold fewer
/// rows; the others as `fsdp` stores them. Costs memory and bytes for the padding.
template <class Axis>
struct padded_fsdp {
    using axis = Axis;
    static constexpr role value = role::fully_sharded;
    static constexpr bool pads = true;  ///< parameters whose rows do not divide
};
/// Weights are split by columns and rows; between layers activations are whole on every rank.
template <class Axis>
struct tensor_parallel {
    using axis = Axis;
    static constexpr role value = role::tensor_parallel;
};
/// Tensor parallel, with the sequence split between layers: norms and residuals hold 1/n of the tokens.
template <class Axis>
struct sequence_parallel {
    using axis = Axis;
    static constexpr role value = role::sequence_parallel;
};

/// Activations are not kept for backward but made again there: per trip of a repeat, or of the layers that it is given
/// for. Costs one more forward of them. Layers without a name and outside repeats are kept.
struct recompute {
    static constexpr bool again = true;  ///< for backward
};
/// The contrary, for layers within others that recompute.
struct keep_activations {
    static constexpr bool again = false;  ///< for backward
};

/// Other roles for some layers: `in_layers<"layers.0-2.attention", tensor_parallel<tp>>`. The name is that of the `named`
/// layers, with the trips of a repeat as `*`, a number or a range; axes without a role here keep theirs. The later of two
/// that name one layer wins. Tensors are redistributed where layers that lie otherwise meet.
/// @pre a layer has this name [ST-S618]
template <fixed_string Layers, class... Roles>
struct in_layers {
    using roles = type_list<Roles...>;  ///< of these layers
    /// Their name.
    static constexpr label layers() {
        label name;
        name.append(Layers.data);
        return name;
    }
};

/// One role for each axis that is used: `strategy<fsdp<dp>, sequence_parallel<tp>>`. An axis of one device needs none; the
/// role of an axis that the mesh divides is that of its parts.
/// @pre no axis without a role, none with two [ST-S616]; the axes are the mesh's [ST-M003]
/// @snippet 05_chain.cpp jobs
template <class... Roles>
struct strategy {};

}  // namespace shardtype
