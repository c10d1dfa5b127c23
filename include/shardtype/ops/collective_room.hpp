#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/schedule/kernels.hpp>
#include <shardtype/schedule/step.hpp>

namespace shardtype {

/// The room that a collective's step wants among n ranks, by `Sizes`' functions, such as `mpi::room_sizes`: for a back
/// end's `room`.
template <class Sizes>
constexpr long collective_room(step const& s, int n) {
    long const element = bytes_of(s.type);
    if (s.kernel == id_of<kernels::all_reduce> || s.kernel == id_of<kernels::all_reduce_max>)
        return Sizes::all_reduce_room(n, s.dim[0], element);
    if (s.kernel == id_of<kernels::all_gather>) return Sizes::all_gather_room(n, s.dim[0], s.dim[1], element);
    if (s.kernel == id_of<kernels::reduce_scatter>) return Sizes::reduce_scatter_room(n, s.dim[0], s.dim[1], element);
    if (s.kernel == id_of<kernels::all_to_all>)
        return Sizes::all_to_all_room(n, {s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4] != 0}, element);
    return 0;
}

}  // namespace shardtype
