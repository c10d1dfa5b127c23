#pragma once

#include <memory>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/kernels/cpu/adamw.hpp>
#include <shardtype/kernels/execution.hpp>
#include <shardtype/schedule/step.hpp>

namespace shardtype {

static_assert(max_axes == thread::rank_communicators::max_axes);

/// The numbers of one optimizer step that change from step to step.
struct step_numbers {
    cpu::adamw_parameters adamw{};  ///< learning rate and step among them
    double max_norm = 1.0;          ///< gradients are scaled down to this global norm
};

/// What a kernel made ready at set-up: a library's primitive, kept by its step.
struct prepared {
    prepared() = default;
    prepared(prepared const&) = delete;
    prepared& operator=(prepared const&) = delete;
    virtual ~prepared() = default;
};

/// One rank, while it walks a schedule.
struct rank_context {
    execution exec{};                   ///< of the step that runs
    thread::rank_communicators comm{};  ///< this rank's place in the mesh
    step_numbers numbers{};             ///< of this training step
    int micro_batch = 0;                ///< from 0
    int trip = 0;                       ///< of the open loop, from 0

    /// Whether an output is added to rather than replaced.
    bool adds(argument const& a) const {
        return a.mode == accumulate::add || (a.mode == accumulate::add_after_first && micro_batch > 0);
    }
    /// Which part of a sharded dimension this rank holds.
    long part(step const& s) const {
        long p = 0;
        for (int a = 0; a < max_axes; ++a) p += static_cast<long>(s.part[a]) * comm.coordinate[a];
        return p;
    }
    /// Starts may run a trip ahead of their waits: even and odd trips have slots of their own.
    int slot(step const& s) const { return s.slot * 2 + ((trip + s.ahead) & 1); }
};

/// What the walker calls for a step: the rank, the step, its operands' addresses, and what was made at set-up.
using kernel_function = void (*)(rank_context&, step const&, void* const*, prepared const*);
/// What makes something ready for a step at set-up.
using prepare_function = std::unique_ptr<prepared> (*)(step const&, int threads);

/// A back end's implementation of a kernel name:
/// `run<T>(rank_context&, step const&, void* const* arguments, prepared const*)`, and `prepare<T>` where set-up is
/// needed.
template <class Kernel>
struct cpu_kernel;

}  // namespace shardtype
