#pragma once

#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// Calls f(global, local, count) for every contiguous run of elements that a rank holds of a tensor laid out as `x`:
/// element numbers, row-major, in the whole tensor and in the rank's part. What pads an uneven part is in no run.
template <class F>
constexpr void for_each_run(layout const& x, int const* coordinate, F f) {
    long room[max_rank] = {1, 1, 1, 1}, real[max_rank] = {1, 1, 1, 1};
    long offset[max_rank]{}, extent[max_rank] = {1, 1, 1, 1};
    int const shift = max_rank - x.rank;
    for (int d = 0; d < x.rank; ++d) {
        room[shift + d] = x.local(d);
        real[shift + d] = x.real(d, coordinate);
        offset[shift + d] = x.offset(d, coordinate);
        extent[shift + d] = x.extent[d];
    }
    if (real[3] == 0) return;
    for (long i = 0; i < real[0]; ++i)
        for (long j = 0; j < real[1]; ++j)
            for (long k = 0; k < real[2]; ++k) {
                long const row = ((offset[0] + i) * extent[1] + offset[1] + j) * extent[2] + offset[2] + k;
                f(row * extent[3] + offset[3], ((i * room[1] + j) * room[2] + k) * room[3], real[3]);
            }
}

}  // namespace shardtype
