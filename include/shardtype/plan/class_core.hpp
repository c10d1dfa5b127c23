#pragma once

#include <shardtype/plan/step_cost.hpp>
#include <shardtype/plan/units.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype::detail {

constexpr long larger(long a, long b) { return a > b ? a : b; }

/// One unit, its activations split in one way: time of one micro-batch, bytes of one layer. Parameters are not in it but
/// as the copies that are used.
struct unit_core {
    bool legal = false;         ///< the rules take it
    code why = code::ok;        ///< or not
    short first_parameter = 0;  ///< of the graph: [first, end)
    short end_parameter = 0;    ///< behind the last
    double flops = 0;           ///< of products and attention over all ranks, in a step
    long kernels_forward = 0;   ///< ns
    long kernels_backward = 0;  ///< ns
    long moves_forward = 0;     ///< ns: collectives of activations
    long moves_backward = 0;    ///< ns: the same
    long stream = 0;            ///< ns: of these, what the residual addition takes
    long replay_kernels = 0;    ///< ns: forward once more, with its result
    long replay_moves = 0;      ///< ns: the same
    long last_kernels = 0;      ///< ns: forward once more, but for what only its result needs
    long last_moves = 0;        ///< ns: the same
    long saved = 0;             ///< bytes from forward to backward, the input and used parameters besides
    long input = 0;             ///< bytes of the input, if backward reads it
    long copies = 0;            ///< bytes of used parameters
    /// Bytes that live within forward or backward alone, at most; and where stored parameters are used as they are.
    /// @{
    long window_forward = 0, window_backward = 0;
    long stored_forward = 0, stored_backward = 0;
    /// @}
    /// Where collectives overlap: bytes that are still there when the next unit of the block begins, and what lives of
    /// this one while those of the one before are.
    /// @{
    long late_forward = 0, late_backward = 0;
    long early_forward = 0, early_backward = 0;
    /// @}
    bool in_block = false;  ///< of a repeat
};

/// A parameter of a unit.
struct unit_parameter {
    layout stored{};  ///< as probed: sharded by every axis that splits the batch
    layout used{};    ///< by the operations
    int uses = 0;     ///< how often it is gathered in a forward
    short as = -1;    ///< an earlier one that is equal in all of this; -1: none
};

/// All units, their activations split in one way.
struct class_core {
    static constexpr int max_parameters = 48;  ///< room

    unit_core unit[unit_list::max_units]{};      ///< as in the list
    unit_parameter parameter[max_parameters]{};  ///< of all of them
    layout stream{};                             ///< of the tensors between them
    long constants = 0;                          ///< bytes of tables and inputs
    unsigned tied = 0;                           ///< units that share a parameter, as a mask
    bool complete = true;                        ///< false: no room
};

/// What some steps cost.
struct time_of_steps {
    long kernels = 0;    ///< ns
    long moves = 0;      ///< ns: collectives
    long additions = 0;  ///< ns: of the kernels

    constexpr void add(cluster const& on, step const& s) {
        long const t = step_time(on, s);
        long& sum = is_communication(s) ? moves : kernels;
        sum = sum + t < longest_time ? sum + t : longest_time;
        if (s.kernel == id_of<shardtype::kernels::add>) additions += t;
    }
};

}  // namespace shardtype::detail
