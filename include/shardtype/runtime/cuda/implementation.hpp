#pragma once

#include <concepts>
#include <memory>

#include <shardtype/comm/nccl/world.hpp>
#include <shardtype/comm/shared_gpu/world.hpp>
#include <shardtype/ops/collectives.hpp>
#include <shardtype/ops/cuda/kernels.hpp>
#include <shardtype/runtime/back_end.hpp>
#include <shardtype/runtime/cuda/device.hpp>
#include <shardtype/runtime/nccl_back_end.hpp>

namespace shardtype {

/// Of threads that share a GPU.
template <>
struct back_end<shared_gpu::rank_communicators> {
    using type = cuda_back_end;  ///< without room
};
/// Of processes with a GPU each.
template <>
struct back_end<nccl::rank_communicators> {
    using type = nccl_back_end;  ///< with room for what collectives receive
};

/// Of a GPU.
template <std::derived_from<cuda_back_end> BackEnd>
struct implementation<BackEnd> {
    template <class Kernel>
    using kernel = cuda_kernel<Kernel>;  ///< ops/cuda/kernels.hpp's, or of the job's own
    /// A rank's memory, on the current device.
    template <class Communicators>
    static std::unique_ptr<device> make_device(long bytes, Communicators const& comm) {
        return std::make_unique<cuda::rank_device<Communicators>>(bytes, comm);
    }
};

}  // namespace shardtype
