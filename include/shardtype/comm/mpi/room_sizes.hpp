#pragma once

#include <shardtype/comm/communicator.hpp>

namespace shardtype::mpi {

/// Bytes beside its operands that a collective of n ranks takes over MPI, for parts that come from other ranks and rows
/// that are packed for them. Without <mpi.h>: programs that only lay out memory ask, too. `element`: bytes of one.
struct room_sizes {
    static constexpr long whole_bytes = 8192;  ///< all_reduces up to this size go whole to every rank

    /// Of a collective of these sizes.
    /// @{
    static constexpr long all_reduce_room(int n, long count, long element) {
        return (n - 1) * (whole(n, count * element) ? count : slice(n, count)) * element;
    }
    static constexpr long all_gather_room(int n, long outer, long block, long element) {
        return outer == 1 ? 0 : (n - 1) * outer * block * element;
    }
    static constexpr long reduce_scatter_room(int n, long outer, long block, long element) {
        return (outer == 1 ? 1 : 2) * (n - 1) * outer * block * element;
    }
    static constexpr long all_to_all_room(int n, exchange const& x, long element) {
        return (2 * n - 1) * x.outer * x.split * x.middle * x.block * element;
    }
    /// @}

  protected:
    /// Does every rank of an all_reduce get all of it?
    static constexpr bool whole(int n, long bytes) { return n <= 2 || bytes <= whole_bytes; }
    /// The slices of one that does not: the most that a rank has, where that of rank r begins, and how much it has.
    /// @{
    static constexpr long slice(int n, long count) { return (count + n - 1) / n; }
    static constexpr long from(int n, long count, int r) {
        long const begin = slice(n, count) * r;
        return begin < count ? begin : count;
    }
    static constexpr long part(int n, long count, int r) { return from(n, count, r + 1) - from(n, count, r); }
    /// @}
};

}  // namespace shardtype::mpi
