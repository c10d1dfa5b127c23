#pragma once

#include <shardtype/comm/mpi/room_sizes.hpp>
#include <shardtype/ops/collective_room.hpp>
#include <shardtype/runtime/back_end.hpp>

namespace shardtype {

namespace mpi {
struct rank_communicators;
}

namespace detail {
constexpr long mpi_room_of(step const& s, int ranks) { return collective_room<mpi::room_sizes>(s, ranks); }
}  // namespace detail

/// The CPU back end of ranks that are processes: what its collectives receive lies in the arena, and nothing is copied
/// aside. Without <mpi.h>: `memory_of<job, mpi_back_end>` plans a run that another machine starts.
struct mpi_back_end : cpu_back_end {
    static constexpr room_bound room = &detail::mpi_room_of;  ///< of a collective
    static constexpr long staging_bytes(int) { return 0; }    ///< copies of small operands are MPI's own
};

/// What MPI joins.
template <>
struct back_end<mpi::rank_communicators> {
    using type = mpi_back_end;  ///< that
};

}  // namespace shardtype
