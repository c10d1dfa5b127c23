#pragma once

#include <shardtype/comm/store/meeting.hpp>

#include <type_traits>

namespace shardtype {

/// What rank 0 has, on all ranks: `mine` of rank 0 goes to all others of `size`, by TCP. All call it once. Of one rank
/// it is `mine` itself. The token keeps out strangers and other jobs, not those who read what goes over the network.
/// @throws std::runtime_error, in one line: who came and who did not, where the port is taken, another token;
/// std::invalid_argument where port or token are missing
template <class T>
T from_rank_0(int rank, int size, T const& mine, store_options const& with) {
    static_assert(std::is_trivially_copyable_v<T>);
    T all = mine;
    detail::store_meeting(rank, size, with).share(&all, sizeof all);
    return all;
}

}  // namespace shardtype
