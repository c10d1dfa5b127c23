#pragma once

#include <shardtype/model/strategy.hpp>
#include <shardtype/search/chain_problem.hpp>

namespace shardtype {

/// What one layer takes in a training step, all micro-batches and both directions: nanoseconds and bytes of one rank.
struct layer_cost {
    long compute = 0;        ///< ns: kernels
    long communication = 0;  ///< ns: collectives, the redistribution in front of it included
    long exposed = 0;        ///< ns: of these, what does not run behind kernels
    long state = 0;          ///< bytes: stored parameters, gradients, optimizer states, copies kept over a step
    long activations = 0;    ///< bytes: kept from forward to backward
    long window = 0;         ///< bytes: only while it runs; of these the model's largest counts

    /// Its share of the step.
    constexpr long time() const { return compute + exposed; }
    /// What it holds throughout a step.
    constexpr long memory() const { return state + activations; }
};

/// Neighbouring equal layers that a plan treats alike.
struct planned_layer {
    label name{};              ///< as `in_layers` has it: `output`, `layers.*.attention`
    int first = 0;             ///< the first of the trips of its repeat
    int count = 1;             ///< how many
    bool repeated = false;     ///< stands in a repeat
    placement_policy roles{};  ///< the strategy: roles of the axes, and whether it recomputes
    layer_cost cost{};         ///< of each one
};

/// Why a uniform layout is not the plan.
enum class why_not : unsigned char {
    chosen,     ///< it is the plan
    slower,     ///< it fits and takes longer (or as long)
    too_large,  ///< it does not fit into the device's memory
    forbidden,  ///< a constraint excludes it
    illegal,    ///< a rule refuses it for some layer
};

/// One strategy for all layers, to be compared with a plan.
struct uniform_layout {
    placement_policy roles{};            ///< of every layer
    why_not verdict = why_not::illegal;  ///< what became of it
    long time = unreachable;             ///< ns of a step
    long memory = 0;                     ///< bytes of a rank
    label worst{};                       ///< of what was refused: the layer; of what is slower: the one that loses most
};

/// A plan: one strategy for each layer of a model on a mesh, the fastest within a bound on memory, and the proof.
struct model_plan {
    static constexpr int max_layers = 48;    ///< room for stretches of equal layers
    static constexpr int max_uniforms = 48;  ///< room for uniform layouts

    chain_outcome outcome = chain_outcome::invalid;  ///< how the search ended
    bool optimal = false;                            ///< proven to be the fastest
    int axes = 0;                                    ///< of the mesh
    int axis_size[max_axes]{};                       ///< devices
    label axis_name[max_axes]{};                     ///< the user's names
    label hardware{};                                ///< its name
    long time = unreachable;                         ///< ns of one step
    long tokens = 0;                                 ///< of one step, over all ranks
    double flops = 0;                                ///< of matrix products and attention in one step, over all ranks
    long memory = 0;                                 ///< bytes of a rank, as the search counts: at least the arena's
    long budget = 0;                                 ///< bytes of a rank
    long arena = 0;                                  ///< bytes that the schedule of this plan allocates; 0: not lowered
    chain_certificate certificate{};                 ///< the proof
    int layers = 0;                                  ///< used of `layer`
    planned_layer layer[max_layers]{};               ///< in the model's order
    int uniforms = 0;                                ///< used of `uniform`
    uniform_layout uniform[max_uniforms]{};  ///< the fastest first, then those that do not fit, are forbidden, illegal
    model_strategy strategy{};               ///< the same as roles and exceptions, for the runtime
};

}  // namespace shardtype
