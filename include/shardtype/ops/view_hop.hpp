#pragma once

#include <shardtype/ops/view_data.hpp>
#include <shardtype/rules/hop_shape.hpp>

namespace shardtype::detail {

constexpr exchange exchange_of(hop_shape const& h) { return {h.dim[0], h.dim[1], h.dim[2], h.dim[3], h.dim[4] != 0}; }

/// Runs a hop of a plan on this rank; what takes no other rank runs here, by `view_memory`. `target` may equal `source` for a sum
/// and a mask.
template <class Hop, class C, class T>
void run_hop(C const& communicators, T const* source, T* target) {
    using local = view_memory<C>;
    constexpr hop_shape h = Hop::runs;
    auto const& on = axis_communicator(communicators, Hop::axis);
    if constexpr (h.by == collective::all_reduce) {
        on.all_reduce(source, target, h.dim[0], reduction::sum);
    } else if constexpr (h.by == collective::all_gather) {
        on.all_gather(source, target, h.dim[0], h.dim[1]);
    } else if constexpr (h.by == collective::reduce_scatter) {
        on.reduce_scatter(source, target, h.dim[0], h.dim[1], false);
    } else if constexpr (h.by == collective::all_to_all) {
        on.all_to_all(source, target, exchange_of(h));
    } else if constexpr (h.by == collective::slice) {
        long const block = h.dim[1], n = h.dim[2];
        for (long o = 0; o < h.dim[0]; ++o)
            local::copy(communicators, source + (o * n + on.rank()) * block, target + o * block, block);
    } else if constexpr (h.by == collective::zero_pad) {
        long const block = h.dim[1], n = h.dim[2], index = on.rank();
        for (long o = 0; o < h.dim[0]; ++o) {
            T* const row = target + o * n * block;
            local::clear(communicators, row, index * block);
            local::copy(communicators, source + o * block, row + index * block, block);
            local::clear(communicators, row + (index + 1) * block, (n - index - 1) * block);
        }
    } else if constexpr (h.by == collective::mask) {
        if (on.rank() != 0)
            local::clear(communicators, target, h.dim[0]);
        else if (source != target)
            local::copy(communicators, source, target, h.dim[0]);
    }
}

/// Runs a hop whose result lies within its source. @return where
template <class Hop, class C, class Element>
Element* run_hop_in_place(C const& communicators, Element* data) {
    constexpr hop_shape h = Hop::runs;
    if constexpr (h.by == collective::slice) {
        return data + axis_communicator(communicators, Hop::axis).rank() * h.dim[1];
    } else {
        run_hop<Hop>(communicators, static_cast<Element const*>(data), data);
        return data;
    }
}

/// The two halves of a hop that takes other ranks.
/// @{
template <class Hop, class C, class T>
void start_hop(C const& communicators, int slot, T const* source, T* target) {
    constexpr hop_shape h = Hop::runs;
    auto const& on = axis_communicator(communicators, Hop::axis);
    if constexpr (h.by == collective::all_reduce)
        on.all_reduce_start(slot, source, target, h.dim[0], reduction::sum);
    else if constexpr (h.by == collective::all_gather)
        on.all_gather_start(slot, source, target, h.dim[0], h.dim[1]);
    else if constexpr (h.by == collective::reduce_scatter)
        on.reduce_scatter_start(slot, source, target, h.dim[0], h.dim[1]);
    else if constexpr (h.by == collective::all_to_all)
        on.all_to_all_start(slot, source, target, exchange_of(h));
}
template <class Hop, class C, class T>
void wait_hop(C const& communicators, int slot, T const* source, T* target) {
    constexpr hop_shape h = Hop::runs;
    auto const& on = axis_communicator(communicators, Hop::axis);
    if constexpr (h.by == collective::all_reduce) {
        on.all_reduce_wait(slot, source, target, h.dim[0], reduction::sum);
        on.all_reduce_finish(slot, source, target, h.dim[0], reduction::sum);
    } else if constexpr (h.by == collective::all_gather) {
        on.all_gather_wait(slot, source, target, h.dim[0], h.dim[1]);
        on.all_gather_finish(slot, source, target, h.dim[0], h.dim[1]);
    } else if constexpr (h.by == collective::reduce_scatter) {
        on.reduce_scatter_wait(slot, source, target, h.dim[0], h.dim[1], false);
        on.reduce_scatter_finish(slot, source, target, h.dim[0], h.dim[1]);
    } else if constexpr (h.by == collective::all_to_all) {
        on.all_to_all_wait(slot, source, target, exchange_of(h));
        on.all_to_all_finish(slot, source, target, exchange_of(h));
    }
}
/// @}

}  // namespace shardtype::detail
