#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

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
    static options of_environment() {
        options o;
        if (char const* const text = std::getenv("SHARDTYPE_DEADLINE")) {
            char* end = nullptr;
            o.deadline = std::strtod(text, &end);
            if (end == text || *end != '\0' || !(o.deadline > 0 && o.deadline < 1e6))
                throw std::invalid_argument(std::string("SHARDTYPE_DEADLINE is \"") + text +
                                            "\": it is a number of seconds above 0");
        }
        if (char const* const text = std::getenv("SHARDTYPE_CHECK_COLLECTIVES")) {
            if ((*text != '0' && *text != '1') || text[1] != '\0')
                throw std::invalid_argument(std::string("SHARDTYPE_CHECK_COLLECTIVES is \"") + text +
                                            "\": it is 0 or 1");
            o.check = *text == '1';
        }
        return o;
    }
};

}  // namespace shardtype::nccl
