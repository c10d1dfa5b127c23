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
    cpu::adamw_parameters adamw{};
    double max_norm = 1.0;  ///< gradients are scaled down to this global norm
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
    execution exec{};
    thread::rank_communicators comm{};
    step_numbers numbers{};
    int micro_batch = 0;
    int trip = 0;

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

using kernel_function = void (*)(rank_context&, step const&, void* const*, prepared const*);
using prepare_function = std::unique_ptr<prepared> (*)(step const&, int threads);

/// A back end's implementation of a kernel name:
/// `run<T>(rank_context&, step const&, void* const* arguments, prepared const*)`, and `prepare<T>` where set-up is needed.
template <class Kernel>
struct cpu_kernel;

}  // namespace shardtype
