#pragma once

#include <shardtype/comm/run_options.hpp>

namespace shardtype::nccl {

/// What a run on NCCL may be told; the environment's SHARDTYPE_DEADLINE (seconds) and SHARDTYPE_CHECK_COLLECTIVES
/// (0 or 1) say it where the program does not.
struct options {
    double deadline = 300;  ///< seconds that a collective waits for other ranks before the run ends
    /// Every collective is compared on all ranks before it begins. The host waits for each: for finding faults, and not
    /// in a CUDA graph.
    bool check = false;

    /// The defaults, or what the environment says.
    /// @throws std::invalid_argument for a value that is none
    static options of_environment() { return shardtype::detail::with_environment(options{}); }
};

}  // namespace shardtype::nccl
