#pragma once

#include <shardtype/base/code.hpp>

namespace shardtype {

/// What an operation says of its operands: legal (`what == code::ok`), right but refused [ST-R313], or what is wrong; on
/// which axis, and with which operand. What to write instead says `suggest_fix` (rules/operand_fix.hpp).
struct verdict {
    code what = code::ok;  ///< ok, or the number of the error
    int axis = 0;          ///< position in the mesh
    int operand = 0;       ///< counted from 0

    /// Whether nothing is wrong.
    constexpr bool legal() const { return what == code::ok; }
    /// Whether the numbers would be right, and there is no kernel that computes them.
    constexpr bool refused() const { return what == code::no_kernel; }
    /// Whether the numbers would be wrong.
    constexpr bool wrong() const { return !legal() && !refused(); }
};

}  // namespace shardtype
