#pragma once

#include <shardtype/rules/verdict.hpp>
#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// What moves a tensor from one placement to another on one axis.
enum class collective : unsigned char {
    none,
    all_reduce,
    all_gather,
    reduce_scatter,
    all_to_all,
    slice,
    zero_pad,
    mask
};

/// A row of the table `redistributions`.
struct redistribution_row {
    kind from;           ///< before
    kind to;             ///< after
    collective by;       ///< what runs
    bool gradient_only;  ///< right as the backward of a row above it; as a forward it is an expert's conversion
};

/// The table. A row's backward is the row dual(to) -> dual(from), which is in the table too (a test checks it).
inline constexpr redistribution_row redistributions[] = {
    {kind::shard, kind::replicate, collective::all_gather, false},
    {kind::shard, kind::invariant, collective::all_gather, false},
    {kind::partial, kind::replicate, collective::all_reduce, false},
    {kind::partial, kind::invariant, collective::all_reduce, false},
    {kind::partial, kind::shard, collective::reduce_scatter, false},
    {kind::shard, kind::shard, collective::all_to_all, false},
    {kind::invariant, kind::replicate, collective::none, false},
    {kind::replicate, kind::shard, collective::slice, false},
    {kind::invariant, kind::shard, collective::slice, false},
    {kind::replicate, kind::partial, collective::mask, false},
    {kind::shard, kind::partial, collective::zero_pad, true},
};

/// What `redistribute` makes of a layout value.
struct redistribution {
    verdict says{};                    ///< legal, or why not: [ST-C402], [ST-C403], [ST-P103], [ST-R314], [ST-T201]
    collective by = collective::none;  ///< what runs
    layout result{};                   ///< of the tensor afterwards
};

/// Changes axis `a` of x to `to`, for a forward (`gradient` false) or for the backward of one.
/// A shard to make becomes the minor axis of its dimension; only the minor axis may be gathered, scattered or moved. An
/// uneven part is made where `to` is padded; an all_to_all of one is refused, gather it first.
constexpr redistribution redistribute(layout const& x, int a, placement to, bool gradient = false) {
    redistribution out;
    placement const from = x.on[a];
    out.result = x;
    if (from.is == to.is && (from.is != kind::shard || from.dim == to.dim)) return out;
    bool found = false;
    for (auto const& row : redistributions)
        if (row.from == from.is && row.to == to.is && (gradient || !row.gradient_only)) {
            out.by = row.by;
            found = true;
            break;
        }
    if (!found) {
        out.says = {code::no_conversion, a, 0};
        return out;
    }
    if (from.is == kind::shard && from.order != x.shards(from.dim) - 1) {
        out.says = {code::not_minor_axis, a, 0};
        return out;
    }
    out.result = placed(x, a, to);
    auto const fault = fault_of(out.result);
    out.says.what = fault.what;
    out.says.axis = a;
    if (out.by == collective::all_to_all && (from.padded || out.result.on[a].padded))
        out.says = {code::padded_operand, a, 0};
    return out;
}

/// Whether a redistribution can write into its own operand: a sum, a mask, and where nothing moves.
constexpr bool in_place(collective c) {
    return c == collective::none || c == collective::all_reduce || c == collective::mask;
}

/// Bytes that one device sends, ring algorithm; G: the bytes of the tensor unsharded on the axis.
constexpr double bytes_sent(collective c, double g, int n) {
    double const share = static_cast<double>(n - 1) / n;
    switch (c) {
        case collective::all_reduce:
            return 2 * share * g;
        case collective::all_gather:
        case collective::reduce_scatter:
            return share * g;
        case collective::all_to_all:
            return share * g / n;
        default:
            return 0;
    }
}

/// Forward and backward bytes that one device sends to redistribute axis `a` of x to `to`; padding is sent too.
/// @snippet 04_matmul.cpp bytes
constexpr double redistribution_bytes(layout const& x, int a, placement to) {
    auto const forward = redistribute(x, a, to);
    if (!forward.says.legal()) return 0;
    auto const backward = redistribute(dual(forward.result), a, dual(x.on[a]), true);
    layout const& part = x.on[a].is == kind::shard ? x : forward.result;
    double g = static_cast<double>(part.local_bytes());
    if (part.on[a].is == kind::shard) g *= x.axis_size[a];
    return bytes_sent(forward.by, g, x.axis_size[a]) + bytes_sent(backward.by, g, x.axis_size[a]);
}

}  // namespace shardtype
