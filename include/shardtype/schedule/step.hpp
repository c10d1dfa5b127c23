#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/mesh/mesh.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype {

/// A step has at most so many operands.
inline constexpr int max_arguments = 10;
/// A step has at most so many sizes.
inline constexpr int max_dims = 6;

/// A collective is start (operands are shown to the others), wait (the target is complete), finish (nobody uses
/// the operands any more). materialize: the start of a parameter's gather, which may move ahead of its use.
/// release: the gathered copy is dead from here on; nothing runs.
enum class step_kind : unsigned char {
    kernel,
    collective_start,
    collective_wait,
    collective_finish,
    materialize,
    release
};

/// How an output is written: replaced, added to, or added to from the second micro-batch on.
enum class accumulate : unsigned char { write, add, add_after_first };

/// Operand `buffer`, at the slot `(trip + shift) mod period`.
struct argument {
    short buffer = -1;                    ///< its number
    short shift = 0;                      ///< in trips
    accumulate mode = accumulate::write;  ///< of an output
};

/// One entry of the schedule. It holds no pointers: `kernel` names what runs (schedule/kernels.hpp), the run time
/// binds it. A collective is three steps with equal operands: start, wait, finish.
struct step {
    unsigned kernel = 0;  ///< `name_id` of its name
    /// Bit masks over the arguments.
    /// @{
    unsigned reads = 0;
    unsigned writes = 0;
    /// @}
    step_kind kind = step_kind::kernel;  ///< what the walker does
    dtype type = dtype::f32;             ///< of the operands
    signed char axis = -1;               ///< of a collective: the mesh axis
    unsigned char ahead = 0;             ///< 1: of the trip before or after, on the slots of the other parity
    short slot = -1;                     ///< of a collective: joins start, wait and finish
    short args = 0;                      ///< used of `arg`
    short scratch = -1;                  ///< buffer of the kernel's scratch
    argument arg[max_arguments]{};       ///< operands, inputs first
    long dim[max_dims]{};                ///< sizes, as schedule/kernels.hpp says of each kernel
    double real = 0;                     ///< epsilon or scale
    int part[max_axes]{};                ///< this rank's part of a sharded dimension: the sum of coordinate * part
    /// Runs on trips [from, to).
    /// @{
    int from = 0;
    int to = 1 << 30;
    /// @}

    /// Whether operand k is read or written; a finish only names its target.
    constexpr bool uses(int k) const { return (((reads | writes) >> k) & 1U) != 0; }
};

}  // namespace shardtype
