#pragma once

#include <memory>

#include <shardtype/comm/mesh_communicators.hpp>
#include <shardtype/kernels/adamw_parameters.hpp>
#include <shardtype/kernels/execution.hpp>
#include <shardtype/mesh/mesh.hpp>
#include <shardtype/schedule/step.hpp>

namespace shardtype {

/// The numbers of one optimizer step that change from step to step.
struct step_numbers {
    adamw_parameters adamw{};  ///< learning rate and step among them
    double max_norm = 1.0;     ///< gradients are scaled down to this global norm
};

/// What a kernel made ready at set-up: a library's primitive, kept by its step.
struct prepared {
    prepared() = default;
    prepared(prepared const&) = delete;
    prepared& operator=(prepared const&) = delete;
    virtual ~prepared() = default;
};

/// One rank, while it walks a schedule: what every kernel sees.
struct rank_context {
    execution exec{};                      ///< of the step that runs
    int rank = 0;                          ///< in the whole mesh
    int coordinate[max_axes] = {};         ///< its place along each axis; 0 beyond the mesh's axes
    step_numbers numbers{};                ///< of this training step
    void const* device_numbers = nullptr;  ///< the same where the steps run, if that is not the host
    int micro_batch = 0;                   ///< from 0
    int trip = 0;                          ///< of the open loop, from 0

    /// Whether an output is added to rather than replaced.
    bool adds(argument const& a) const {
        return a.mode == accumulate::add || (a.mode == accumulate::add_after_first && micro_batch > 0);
    }
    /// Which part of a sharded dimension this rank holds.
    long part(step const& s) const {
        long p = 0;
        for (int a = 0; a < max_axes; ++a) p += static_cast<long>(s.part[a]) * coordinate[a];
        return p;
    }
    /// Starts may run a trip ahead of their waits: even and odd trips have slots of their own.
    int slot(step const& s) const { return s.slot * 2 + ((trip + s.ahead) & 1); }
};

/// The same with the communicators, which are the only thing that differs from back end to back end of them.
template <mesh_communicators Communicators>
struct rank_on : rank_context {
    Communicators comm{};  ///< this rank's

    /// Of the rank that `mine` belongs to.
    explicit rank_on(Communicators const& mine) : comm(mine) {
        rank = mine.rank;
        for (int a = 0; a < max_axes && a < Communicators::max_axes; ++a) coordinate[a] = mine.coordinate[a];
    }
};

/// What the walker calls for a step: the rank, the step, its operands' addresses, and what was made at set-up.
using kernel_function = void (*)(rank_context&, step const&, void* const*, prepared const*);
/// What makes something ready for a step at set-up.
using prepare_function = std::unique_ptr<prepared> (*)(rank_context&, step const&, void* const*);

}  // namespace shardtype
