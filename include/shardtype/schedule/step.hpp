#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/mesh/mesh.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype {

inline constexpr int max_arguments = 10;
inline constexpr int max_dims = 6;

/// materialize: the start of a parameter's gather, which may move ahead of its use.
/// release: the gathered copy is dead from here on; nothing runs.
enum class step_kind : unsigned char { kernel, collective_start, collective_wait, materialize, release };

/// How an output is written: replaced, added to, or added to from the second micro-batch on.
enum class accumulate : unsigned char { write, add, add_after_first };

/// Operand `buffer`, at the slot `(trip + shift) mod period`.
struct argument {
    short buffer = -1;
    short shift = 0;
    accumulate mode = accumulate::write;
};

/// One entry of the schedule. It holds no pointers: `kernel` names what runs (schedule/kernels.hpp), the run time
/// binds it. A collective is two steps with equal operands, start and wait.
struct step {
    unsigned kernel = 0;
    unsigned reads = 0;  ///< bit mask over the arguments
    unsigned writes = 0;
    step_kind kind = step_kind::kernel;
    dtype type = dtype::f32;
    signed char axis = -1;
    unsigned char ahead = 0;  ///< trips that a start runs before its wait
    short slot = -1;
    short args = 0;
    short scratch = -1;  ///< buffer of the kernel's scratch
    argument arg[max_arguments]{};
    long dim[max_dims]{};
    double real = 0;
    int part[max_axes]{};  ///< this rank's part of a sharded dimension: the sum of coordinate * part
    int from = 0;          ///< runs on trips [from, to)
    int to = 1 << 30;
};

}  // namespace shardtype
