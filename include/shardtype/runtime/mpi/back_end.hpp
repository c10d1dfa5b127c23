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
    /// What so many ranks on one host take outside their arenas: oneDNN's code once, MPI and a stack in each; with Open MPI
    /// 4.1, by `mpirun -n 8 build/bench/memory_mpi_reserve` and the like.
    /// @{
    static constexpr long reserved_per_host = 6'000'000, reserved_per_rank = 4'400'000;
    static constexpr long reserved_bytes(long ranks) { return reserved_per_host + ranks * reserved_per_rank; }
    /// @}
};

/// What MPI joins.
template <>
struct back_end<mpi::rank_communicators> {
    using type = mpi_back_end;  ///< that
};

}  // namespace shardtype
