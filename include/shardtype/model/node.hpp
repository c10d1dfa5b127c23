#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/model/initialiser.hpp>
#include <shardtype/rules/operand_fix.hpp>

namespace shardtype {

/// The graph's own operations, beside the rules. How an operation becomes steps is lowering<Operation> in schedule/.
namespace graph_operation {
/// The used copy of a parameter, made from the stored one: gathers, from the minor axis outwards.
struct materialize {
    static constexpr char const* name = "materialize";
};
/// Another placement on one axis.
struct redistribute {
    static constexpr char const* name = "redistribute";
};
/// The same elements under another shape; nothing runs.
struct reshape {
    static constexpr char const* name = "reshape";
};
/// The first operation of a repeat.
struct loop_begin {
    static constexpr char const* name = "loop_begin";
};
/// The last one: the body's result becomes the next trip's input.
struct loop_end {
    static constexpr char const* name = "loop_end";
};
/// Cosines and sines by position, made once at set-up.
struct rotary_table {
    static constexpr char const* name = "rotary_table";
};
}  // namespace graph_operation

/// A tensor of the graph, known by its number.
struct graph_value {
    layout lay{};                 ///< where it lies
    bool differentiable = false;  ///< whether a gradient flows to it
    short parameter = -1;         ///< the parameter that this is the used copy of
    short loop = 0;               ///< the number of the repeat that it belongs to, 0 outside
    bool used = false;            ///< by an operation; what is not has no gradient [ST-S612]
};

/// An operation of the graph, with the numbers of the values that it takes and gives.
struct node {
    unsigned operation = 0;                     ///< name_id of the rule or graph operation
    short in[max_operands] = {-1, -1, -1, -1};  ///< values, -1 where there are fewer
    short out = -1;                             ///< value
    short id = 0;                               ///< its place in the list of nodes
    int axis = 0;                               ///< of a redistribution
    int first_layer = 0;                        ///< of a loop: the place of its first trip in the repeat
    placement to{};                             ///< of a redistribution
    collective by{};                            ///< of a redistribution
    long number = 0;                            ///< trips of a loop, theta of a rotary table
    double real = 0;                            ///< epsilon of a norm
    short region = 0;                           ///< of layers that are recomputed in backward; 0: kept
};

/// A parameter of the model: what it is called, where it lies and how it begins.
struct parameter_record {
    label name{};               ///< `layers.*.attention.wq.weight`
    int layer_size = 0;         ///< letters of it that are the layer's name, `layers.*.attention`
    layout stored{};            ///< between steps
    layout used{};              ///< by the operations
    conversion path{};          ///< from stored to used
    int once_hops = 0;          ///< of them, at first: gathers made once per step, the result kept (ZeRO-1 and 2)
    int deferred_hops = 0;      ///< of those, at first: their duals reduce gradients once per step (ZeRO-1)
    unsigned gathers_once = 0;  ///< the mesh axes of `once_hops`, as a mask
    initialiser init{};         ///< its first values
    int number = 0;             ///< of its name among the model's: runs of one repeat share it
    int first_layer = 0;        ///< the trip of the repeat that its first layer is
    int layers = 1;             ///< how many of it: the trips of the loop that it stands in
    short loop = 0;             ///< the number of that loop, 0 outside
    bool in_loop = false;       ///< of a repeat: gathered again on each trip

    /// Where the copy that is kept over a step lies: the stored one after `hops` of the path.
    constexpr layout after(int hops) const {
        layout x = stored;
        for (int i = 0; i < hops; ++i) x = redistribute(x, path.path[i].axis, path.path[i].to).result;
        return x;
    }
};

/// What to write instead of a model that was refused: at most one of these.
struct model_advice {
    operand_fix change{};  ///< of an operation's operands
    shape_fault misfit{};  ///< what one of them must have
    label name{};          ///< that was probably meant
    long extent = 0;       ///< that does not divide ...
    long parts = 0;        ///< ... into so many parts
    long kv_heads = 0;     ///< the major part that the axis could be divided into
};

}  // namespace shardtype
