#pragma once

#include <shardtype/ops/view_collectives.hpp>

namespace shardtype {

/// A collective under way: its source must not change, and its destination not be read, until `wait` returns. Waiting
/// is what completes it: one that is dropped never ends.
template <class Hop, class Result, class C>
class [[nodiscard]] pending_collective {
  public:
    using element = typename Result::element;  ///< of both memories

    /// Made by the `*_start` functions.
    pending_collective(C const& communicators, int slot, element const* source, element* target)
        : communicators_(&communicators), slot_(slot), source_(source), target_(target) {
        detail::start_hop<Hop>(communicators, slot, source, target);
    }
    /// One start has one wait.
    pending_collective(pending_collective const&) = delete;
    pending_collective& operator=(pending_collective const&) = delete;

    /// Completes it. Call it once. @return the view of the result
    [[nodiscard]] tensor_view<Result, C> wait() {
        detail::wait_hop<Hop>(*communicators_, slot_, source_, target_);
        return {target_, *communicators_};
    }

  private:
    C const* communicators_;
    int slot_;
    element const* source_;
    element* target_;
};

namespace detail {
template <class Name, collective By, class Axis, class Result, class Tensor, class C, class Element>
auto start_to(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination, int slot,
              Result) {
    if constexpr (same<Result, ill_typed>) {
        return ill_typed{};
    } else {
        using plan = named_hops<Tensor, Result, Axis, By>;
        static_assert(Tensor::mesh_type::template find<Axis>() >= 0,
                      "the mesh divides this axis: start the collective of each part by itself");
        if constexpr (!plan::value.has_code) {
            return failed<decltype(raise<ST_R313<no_single_change, on_axis<Axis>, Name, Tensor>>())>();
        } else {
            using element = typename Tensor::element;
            element const* const source = x.data();
            element* const target = checked_destination<plan, Name, Tensor, Result, element>(source, destination);
            if (plan::value.hops == 0 && source != target)
                view_memory<C>::copy(x.communicators(), source, target, Tensor::local_count);
            return pending_collective<planned_hop<plan, 0>, Result, C>(x.communicators(), slot, source, target);
        }
    }
}
}  // namespace detail

// `auto pending = all_gather_start<Axis, To>(x, destination, slot); ...; auto y = pending.wait();`
// The slot is the communicator's: several may be under way on one axis, each in its own. Checks as of the whole
// collectives.

/// Starts an all_reduce; for one in place the destination is x's own memory.
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce_start(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination, int slot = 0) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::start_to<names::all_reduce, collective::all_reduce, Axis>(x, destination, slot, result{});
}
/// Starts an all_gather.
template <class Axis, class To, class Tensor, class C, class Element>
auto all_gather_start(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination, int slot = 0) {
    using result = decltype(shardtype::all_gather<Axis, To>(Tensor{}));
    return detail::start_to<names::all_gather, collective::all_gather, Axis>(x, destination, slot, result{});
}
/// Starts a reduce_scatter.
template <class Axis, int Dim, class Tensor, class C, class Element>
auto reduce_scatter_start(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination, int slot = 0) {
    using result = decltype(shardtype::reduce_scatter<Axis, Dim>(Tensor{}));
    return detail::start_to<names::reduce_scatter, collective::reduce_scatter, Axis>(x, destination, slot, result{});
}
/// Starts an all_to_all.
template <class Axis, int Dim, class Tensor, class C, class Element>
auto all_to_all_start(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination, int slot = 0) {
    using result = decltype(shardtype::all_to_all<Axis, Dim>(Tensor{}));
    return detail::start_to<names::all_to_all, collective::all_to_all, Axis>(x, destination, slot, result{});
}

}  // namespace shardtype
