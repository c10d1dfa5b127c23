#pragma once

#include <shardtype/rules/redistribution.hpp>

namespace shardtype {

/// A sequence of one-axis redistributions from one layout to another of the same shape: gathers from the minor axis
/// outwards, then reductions, then shards from the major axis inwards. Its backward is the sequence of duals reversed.
struct conversion {
    /// One redistribution of a conversion: on which axis, from what to what.
    struct hop {
        int axis = 0;      ///< its position in the mesh
        placement from{};  ///< before
        placement to{};    ///< after, with its place in the list of axes
    };
    verdict says{};        ///< legal, or the first hop that is not
    int hops = 0;          ///< used of `path`
    hop path[max_axes]{};  ///< in order
};

/// The hops from one layout to the other, each axis at most once. @return an illegal one where
/// they do not arrive [ST-C403].
constexpr conversion convert(layout const& from, layout const& to) {
    conversion out;
    layout now = from;
    bool done[max_axes]{};
    for (int a = 0; a < from.axes; ++a) done[a] = from.on[a] == to.on[a];
    for (int round = 0; round < from.axes; ++round) {
        int best = -1, best_key = 0;
        for (int a = 0; a < from.axes; ++a) {
            if (done[a]) continue;
            bool const gathers = from.on[a].is == kind::shard, shards = to.on[a].is == kind::shard;
            int const key = gathers ? 100 + from.on[a].order : shards ? 50 - to.on[a].order : 75;
            if (best < 0 || key > best_key) best = a, best_key = key;
        }
        if (best < 0) break;
        auto const step = redistribute(now, best, to.on[best]);
        if (!step.says.legal()) {
            out.says = step.says;
            return out;
        }
        out.path[out.hops++] = {best, now.on[best], step.result.on[best]};
        now = step.result;
        done[best] = true;
    }
    now.type = to.type;  // a cast is no redistribution
    if (!(now == to) && out.says.legal()) out.says.what = code::no_conversion;
    return out;
}

}  // namespace shardtype
