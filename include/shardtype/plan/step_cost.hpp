#pragma once

#include <shardtype/plan/collective_cost.hpp>

namespace shardtype {

/// ns of a step by itself, a kernel or a collective; a release is 0.
constexpr long step_time(cluster const& c, step const& s) {
    if (s.kind == step_kind::kernel) return kernel_time(c.on, s);
    return is_communication(s) ? collective_time(c, s) : 0;
}

}  // namespace shardtype
