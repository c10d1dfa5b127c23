#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/placement/placement.hpp>

namespace shardtype {

/// What an operation says of its operands: legal (`what == code::ok`), or what is wrong, on which axis, with which
/// operand, and the cheapest change of one operand that would make that axis legal (if any).
struct verdict {
    code what = code::ok;  ///< ok, or the number of the error
    int axis = 0;          ///< position in the mesh
    int operand = 0;       ///< counted from 0
    bool fixable = false;  ///< whether one change of one operand is enough
    int fix_operand = 0;   ///< the operand to change
    placement fix{};       ///< what to make it on `axis`

    /// Whether nothing is wrong.
    constexpr bool legal() const { return what == code::ok; }
};

}  // namespace shardtype
