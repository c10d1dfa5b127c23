#pragma once

#include <shardtype/rules/conversion.hpp>

namespace shardtype {

/// Conversions that were searched for: layers ask for the same few, and compilers count the steps of a constant.
struct conversion_cache {
    /// Cheapest way from one layout to the other, at the library's price of a collective.
    constexpr conversion find(layout const& from, layout const& to, bool has_gradient) {
        for (int i = 0; i < count; ++i)
            if (known[i].has_gradient == has_gradient && known[i].from == from && known[i].to == to)
                return known[i].path;
        conversion const path = convert(from, to, has_gradient, conversion::usual_hop_bytes);
        if (count < room) known[count++] = {from, to, has_gradient, path};
        return path;
    }

  private:
    struct entry {
        layout from{}, to{};
        bool has_gradient = false;
        conversion path{};
    };
    static constexpr int room = 4;
    entry known[room]{};
    int count = 0;
};

}  // namespace shardtype
