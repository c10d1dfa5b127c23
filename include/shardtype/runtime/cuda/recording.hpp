#pragma once

#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>

#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/runtime/device.hpp>

namespace shardtype::cuda {

/// Whether steps are recorded: not where SHARDTYPE_CUDA_GRAPHS is 0.
inline bool records_steps() {
    char const* const said = std::getenv("SHARDTYPE_CUDA_GRAPHS");
    return said == nullptr || std::strcmp(said, "0") != 0;
}

/// The parts of a rank's step as CUDA graphs. A part is walked twice, first as it is, so that all is loaded, then under
/// capture; from then on it is one launch. What differs from step to step lies in memory, so a replay does what a walk
/// would. `Communicators` of ranks that share a device record them all in one graph.
template <class Communicators>
class recordings {
  public:
    /// Of the rank that these belong to.
    explicit recordings(Communicators const& comm) : comm_(comm), records_(records_steps() && comm.can_capture()) {}
    recordings(recordings const&) = delete;
    recordings& operator=(recordings const&) = delete;
    ~recordings() {
        if (open_) comm_.abandon_capture();
        for (part& p : parts_) {
            comm_.forget(&p.graph);
            if (p.graph != nullptr) (void)cudaGraphExecDestroy(p.graph);
        }
    }

    /// See `device::begin` and `device::end`.
    /// @{
    bool begin(walk_part which) {
        part& p = parts_[static_cast<int>(which)];
        ++p.visits;
        if (!records_ || p.visits == 1) return true;
        if (p.visits > 2) {
            launch(p);
            return false;
        }
        comm_.begin_capture();
        open_ = true;
        return true;
    }
    void end(walk_part which) {
        if (!open_) return;
        part& p = parts_[static_cast<int>(which)];
        open_ = false;
        cudaGraph_t const graph = comm_.end_capture();
        if (graph != nullptr) {  // of ranks that share a device one has it
            cudaError_t const made = cudaGraphInstantiate(&p.graph, graph, 0);
            (void)cudaGraphDestroy(graph);
            check(made, "cudaGraphInstantiate");
            comm_.keep(&p.graph);
        }
        launch(p);
    }
    /// @}

  private:
    struct part {
        long visits = 0;
        cudaGraphExec_t graph = nullptr;
    };
    void launch(part& p) {
        comm_.before_replay();
        if (p.graph != nullptr) check(cudaGraphLaunch(p.graph, comm_.stream()), "cudaGraphLaunch");
        comm_.after_replay();
    }

    Communicators const& comm_;
    bool records_;
    bool open_ = false;
    part parts_[walk_parts];
};

}  // namespace shardtype::cuda
