#pragma once

#include <shardtype/rules/verdict.hpp>
#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// What `reshape` makes of a layout value.
struct reshaping {
    verdict says{};   ///< legal, or [ST-R311], [ST-R312], [ST-T201]
    layout result{};  ///< of the tensor afterwards
    int dim = 0;      ///< of the new shape, the one that its axes do not divide
};

/// The layout of x seen with other extents. Dimensions fall into groups of equal product; inside a group a shard
/// survives only on the outermost dimension: [b, s, h] sharded on s and merged to [b s, h] would interleave, evenly
/// divisible and wrong. A split keeps the shard on the outer part if it divides.
constexpr reshaping reshape(layout const& x, int rank, long const* extent) {
    reshaping out;
    layout& y = out.result;
    y = x;
    y.rank = rank;
    for (int d = 0; d < max_rank; ++d) y.extent[d] = d < rank ? extent[d] : 0;
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::shard) y.on[a].dim = -1;
    int i = 0, j = 0;
    while (i < x.rank || j < rank) {
        int const i0 = i, j0 = j;
        long left = i < x.rank ? x.extent[i++] : 1;
        long right = j < rank ? extent[j++] : 1;
        while (left != right) {
            if (left < right && i < x.rank) {
                left *= x.extent[i++];
            } else if (right < left && j < rank) {
                right *= extent[j++];
            } else {
                out.says.what = code::reshape_extents;
                return out;
            }
        }
        int first = i0, target = j0;
        while (first < i - 1 && x.extent[first] == 1) ++first;
        while (target < j - 1 && extent[target] == 1) ++target;
        for (int a = 0; a < x.axes; ++a) {
            if (x.on[a].is != kind::shard || x.on[a].dim < i0 || x.on[a].dim >= i) continue;
            bool const interleaves = x.on[a].dim != first || j == j0;
            if (interleaves || extent[target] % x.parts(first) != 0) {
                out.says.what = interleaves ? code::reshape_of_shard : code::not_divisible;
                out.dim = target;
                out.says.axis = a;
                return out;
            }
            y.on[a].dim = static_cast<signed char>(target);
        }
    }
    return out;
}

}  // namespace shardtype
