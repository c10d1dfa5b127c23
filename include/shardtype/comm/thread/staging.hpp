#pragma once

namespace shardtype::thread {

/// Memory of a rank for copies of its small operands: who has one need not wait until all have read it. Copying aside
/// pays where ranks share cores, and a meeting takes microseconds.
struct staging {
    static constexpr long operand_bytes = 4096;  ///< the largest that is copied
    static constexpr int copies = 8;             ///< in a group at once; further operands are used in place
    /// Of one rank in one group.
    static constexpr long group_bytes = copies * operand_bytes;
    /// Of one rank of a mesh: a group for each axis, and the one of all.
    static constexpr long bytes(int axes) { return (axes + 1) * group_bytes; }
};

/// Who owns that memory: the world, or ranks that lend it a part of their arena (`operands_in_use`).
enum class staging_from : unsigned char { world, ranks };

}  // namespace shardtype::thread
