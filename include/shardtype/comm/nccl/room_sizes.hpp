#pragma once

#include <shardtype/comm/communicator.hpp>

namespace shardtype::nccl {

/// Bytes beside its operands that a collective of n ranks takes over NCCL: sums that are added to their target, parts
/// that are packed. Without <nccl.h>: programs that only lay out memory ask, too. `element`: bytes of one.
struct room_sizes {
    /// Of a collective of these sizes; of a reduce_scatter that adds.
    /// @{
    static constexpr long all_reduce_room(int, long, long) { return 0; }
    static constexpr long all_gather_room(int, long, long, long) { return 0; }
    static constexpr long reduce_scatter_room(int, long outer, long block, long element) {
        return outer * block * element;
    }
    static constexpr long all_to_all_room(int n, exchange const& x, long element) {
        bool const whole = x.outer == 1 && x.split * x.middle == 1;
        return n == 1 || whole ? 0 : 2 * n * x.outer * x.split * x.middle * x.block * element;
    }
    /// @}
};

}  // namespace shardtype::nccl
