#pragma once

#include <shardtype/comm/nccl/room_sizes.hpp>
#include <shardtype/ops/collective_room.hpp>
#include <shardtype/ops/cuda/back_end.hpp>

namespace shardtype {

namespace detail {
/// A sum that replaces its target needs no room.
constexpr long nccl_room_of(step const& s, int ranks) {
    bool const adds = s.arg[1].mode != accumulate::write;
    if (s.kernel == id_of<kernels::reduce_scatter> && !adds) return 0;
    return collective_room<nccl::room_sizes>(s, ranks);
}
}  // namespace detail

/// The GPU back end of ranks that NCCL joins: what its collectives receive to add or to unpack lies in the arena.
/// Without <nccl.h>: `memory_of<job, nccl_back_end>` plans a run that another machine starts.
struct nccl_back_end : cuda_back_end {
    static constexpr room_bound room = &detail::nccl_room_of;  ///< of a collective
};

}  // namespace shardtype
