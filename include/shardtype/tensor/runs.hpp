#pragma once

#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// Calls f(global, local, count) for every contiguous run of elements that a rank holds of a tensor laid out as `x`:
/// element numbers, row-major, in the whole tensor and in the rank's part.
template <class F>
constexpr void for_each_run(layout const& x, int const* coordinate, F f) {
    long local_extent[max_rank] = {1, 1, 1, 1}, offset[max_rank]{}, extent[max_rank] = {1, 1, 1, 1};
    int const shift = max_rank - x.rank;
    for (int d = 0; d < x.rank; ++d) {
        local_extent[shift + d] = x.local(d);
        offset[shift + d] = x.offset(d, coordinate);
        extent[shift + d] = x.extent[d];
    }
    long local = 0;
    for (long i = 0; i < local_extent[0]; ++i)
        for (long j = 0; j < local_extent[1]; ++j)
            for (long k = 0; k < local_extent[2]; ++k) {
                long const row = ((offset[0] + i) * extent[1] + offset[1] + j) * extent[2] + offset[2] + k;
                f(row * extent[3] + offset[3], local, local_extent[3]);
                local += local_extent[3];
            }
}

}  // namespace shardtype
