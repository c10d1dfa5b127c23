#pragma once

#include <concepts>
#include <memory>

#include <shardtype/ops/collectives.hpp>
#include <shardtype/ops/cpu_kernels.hpp>
#include <shardtype/runtime/back_end.hpp>
#include <shardtype/runtime/cpu/device.hpp>

namespace shardtype {

/// Of the CPU.
template <std::derived_from<cpu_back_end> BackEnd>
struct implementation<BackEnd> {
    template <class Kernel>
    using kernel = cpu_kernel<Kernel>;  ///< ops/cpu_kernels.hpp's, or of the job's own
    /// A rank's memory.
    template <class Communicators>
    static std::unique_ptr<device> make_device(long bytes, Communicators const&) {
        return std::make_unique<cpu_device>(bytes);
    }
};

}  // namespace shardtype
