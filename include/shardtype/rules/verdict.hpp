#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/placement/placement.hpp>

namespace shardtype {

/// What an operation says of its operands: legal (`what == code::ok`), or what is wrong, on which axis, with which
/// operand, and the cheapest change of one operand that would make that axis legal (if any).
struct verdict {
    code what = code::ok;
    int axis = 0;
    int operand = 0;
    bool fixable = false;
    int fix_operand = 0;
    placement fix{};

    constexpr bool legal() const { return what == code::ok; }
};

}  // namespace shardtype
