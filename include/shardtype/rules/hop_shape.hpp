#pragma once

#include <shardtype/rules/redistribution.hpp>

namespace shardtype {

/// What one hop of a redistribution runs, and the sizes that it runs with, in elements: what a step of a schedule holds
/// and what a view gives to its communicator.
///
///   all_reduce, mask    {count}
///   all_gather          {outer, block}: source [outer][block] -> target [outer][n][block]
///   reduce_scatter      {outer, block}: source [outer][n][block] -> target [outer][block]
///   all_to_all          {outer, split, middle, block, trailing_to_leading}, as `exchange`
///   slice               {outer, block, n}: source [outer][n][block] -> target [outer][block]
///   zero_pad            {outer, block, n}: source [outer][block] -> target [outer][n][block]
struct hop_shape {
    collective by = collective::none;  ///< none also where the axis has one device: nothing moves
    int dims = 0;                      ///< used of `dim`
    long dim[5]{};                     ///< as above
};

/// The hop by collective `by` from layout x to layout y, which differ on one axis.
/// Rows to columns of an 8 x 12 matrix over 4 devices, an all_to_all: {1, 2, 1, 3, 0}.
constexpr hop_shape hop_shape_of(layout const& x, layout const& y, int axis, collective by) {
    if (by == collective::none || x.axis_size[axis] == 1) return {};
    int const from = x.on[axis].dim, to = y.on[axis].dim;
    switch (by) {
        case collective::all_gather:
            return {by, 2, {x.outer(from), x.local_count() / x.outer(from)}};
        case collective::reduce_scatter:
            return {by, 2, {y.outer(to), y.local_count() / y.outer(to)}};
        case collective::slice:
            return {by, 3, {y.outer(to), y.local_count() / y.outer(to), x.axis_size[axis]}};
        case collective::zero_pad:
            return {by, 3, {x.outer(from), x.local_count() / x.outer(from), x.axis_size[axis]}};
        case collective::all_to_all: {
            bool const leading = from > to;  // the new shard is the outer dimension: trailing to leading
            int const low = leading ? to : from, high = leading ? from : to;
            long middle = 1;
            for (int i = low + 1; i < high; ++i) middle *= x.local(i);
            layout const& undivided_low = leading ? y : x;
            layout const& undivided_high = leading ? x : y;
            long const block = undivided_high.local(high) * undivided_high.inner(high);
            return {by, 5, {x.outer(low), undivided_low.local(low), middle, block, leading ? 1 : 0}};
        }
        default:
            return {by, 1, {x.local_count()}};
    }
}

/// Whether there is code for the hop: not where it would have to take padding away or bring it in.
constexpr bool hop_has_code(layout const& x, layout const& y, hop_shape const& hop) {
    if (hop.by == collective::none || hop.by == collective::all_reduce || hop.by == collective::mask) return true;
    for (int d = 0; d < x.rank; ++d)
        if (x.local(d) != y.local(d) && (x.padded(d) || y.padded(d))) return false;
    return true;
}

}  // namespace shardtype
