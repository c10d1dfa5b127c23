#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/mpi/flight.hpp>
#include <shardtype/comm/thread/combine.hpp>

namespace shardtype::mpi::detail {

inline constexpr int max_ranks = 1024;  // of a group: the sources of a sum lie on the stack

/// The place of rank r among those that are not rank `me`.
constexpr int among_others(int me, int r) { return r > me ? r - 1 : r; }

/// In rank order: rank `me`'s part is `own`; the others' lie `step` apart from `parts` on.
template <class T>
void sum_parts(int ranks, int me, T const* own, T const* parts, long step, T* target, long count, reduction by,
               bool add = false) {
    T const* sources[max_ranks];
    for (int r = 0; r < ranks; ++r) sources[r] = r == me ? own : parts + among_others(me, r) * step;
    if (by == reduction::max)
        thread::detail::combine<reduction::max>(sources, ranks, &target, 1, 0, count);
    else if (add)
        thread::detail::combine<reduction::sum, true>(sources, ranks, &target, 1, 0, count);
    else
        thread::detail::combine<reduction::sum>(sources, ranks, &target, 1, 0, count);
}

/// What of an all_to_all's source is for rank r of n, as [outer][split][middle][block].
template <class T>
void pack(T const* source, int r, int n, T* packed, exchange const& x) {
    long const inner = x.split * x.middle;
    for (long o = 0; o < (inner > 0 ? x.outer : 0); ++o)
        if (x.trailing_to_leading)
            thread::detail::copy(source + (o * n + r) * inner * x.block, packed + o * inner * x.block, inner * x.block);
        else
            thread::detail::copy_rows(source + (o * inner * n + r) * x.block, n * x.block, packed + o * inner * x.block,
                                      x.block, inner, x.block);
}
/// From rank r of n to its place in the target.
template <class T>
void unpack(T const* packed, int r, int n, T* target, exchange const& x) {
    long const inner = x.split * x.middle;
    for (long o = 0; o < (inner > 0 ? x.outer : 0); ++o)
        if (x.trailing_to_leading)
            thread::detail::copy_rows(packed + o * inner * x.block, x.block, target + (o * inner * n + r) * x.block,
                                      n * x.block, inner, x.block);
        else
            thread::detail::copy(packed + o * inner * x.block, target + (o * n + r) * inner * x.block, inner * x.block);
}

/// What a rank says of a collective: its kind, type, sizes and operands.
/// @{
template <class T>
posting post(collective kind, int slot, T const* source, T* target, exchange const& x, int root = 0) {
    posting made;
    made.what = {kind,
                 thread::detail::type_letter<T>(),
                 sizeof(T),
                 reduction::sum,
                 x.trailing_to_leading,
                 slot,
                 root,
                 x.outer,
                 x.split,
                 x.middle,
                 x.block};
    made.source = source;
    made.target = target;
    return made;
}
constexpr exchange rows(long outer, long block) { return {outer, 1, 1, block, false}; }
template <class T>
posting post_rows(collective kind, int slot, T const* source, T* target, long outer, long block) {
    return post<T>(kind, slot, source, target, rows(outer, block));
}
template <class T>
posting post_reduction(int slot, T const* source, T* target, long count, reduction by) {
    auto made = post<T>(collective::all_reduce, slot, source, target, rows(count, 1));
    made.what.combine = by;
    return made;
}
template <class T>
posting post_broadcast(int slot, T* buffer, long count, int root) {
    return post<T>(collective::broadcast, slot, buffer, buffer, rows(count, 1), root);
}
/// @}

}  // namespace shardtype::mpi::detail
