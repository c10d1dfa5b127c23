#pragma once

#include <shardtype/ops/view_collectives.hpp>

namespace shardtype {

/// A collective under way: its source must not change, and its destination not be read, until `wait` returns. Waiting
/// is what completes it: one that is dropped never ends.
template <class Hop, class Result, class C>
class [[nodiscard]] pending_collective {
  public:
    using element = typename Result::element;  ///< of both memories

    /// One start has one wait.
    pending_collective(pending_collective const&) = delete;
    pending_collective& operator=(pending_collective const&) = delete;

    /// Completes it. Call it once. @return the view of the result
    [[nodiscard]] tensor_view<Result, C> wait() {
        detail::wait_hop<Hop>(*communicators_, slot_, source_, target_);
        return detail::view_maker::make<tensor_view<Result, C>>(target_, *communicators_);
    }

  private:
    friend detail::view_maker;
    pending_collective(C const& communicators, int slot, element const* source, element* target)
        : communicators_(&communicators), slot_(slot), source_(source), target_(target) {
        detail::start_hop<Hop>(communicators, slot, source, target);
    }

    C const* communicators_;
    int slot_;
    element const* source_;
    element* target_;
};

namespace detail {

/// Each part of a divided axis is started by itself.
template <class Parts>
struct over_each;
template <class... Parts>
struct over_each<type_list<Parts...>> {
    using type = write<over_axis<Parts>...>;
};
template <class Tensor, class Axis>
using started_in_parts = typename over_each<parts_in<Tensor, Axis>>::type;

template <class Name, collective By, class Axis, class Result, class Tensor, class C, class Element>
auto start_to(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination, int slot,
              Result) {
    if constexpr (same<Result, ill_typed>) {
        return ill_typed{};
    } else if constexpr (in_parts<Tensor, Axis>) {
        return failed<decltype(raise<ST_R313<started_in_parts<Tensor, Axis>, on_axis<Axis>, Name, Tensor>>())>();
    } else {
        using plan = named_hops<Tensor, Result, Axis, By>;
        if constexpr (!plan::value.has_code) {
            return failed<decltype(raise<ST_R313<no_single_change, on_axis<Axis>, Name, Tensor>>())>();
        } else {
            using element = typename Tensor::element;
            element const* const source = x.data();
            element* const target = checked_destination<plan, Name, Tensor, Result, element>(source, destination);
            if (plan::value.hops == 0 && source != target)
                view_memory<C>::copy(x.communicators(), source, target, Tensor::local_count);
            return view_maker::make<pending_collective<planned_hop<plan, 0>, Result, C>>(x.communicators(), slot,
                                                                                         source, target);
        }
    }
}
template <bool Kept, class Name, collective By, class Axis, class Result, class Tensor, class C, class Element>
auto start_in_place(tensor_view<Tensor, C, Element> const& x, int slot, Result) {
    if constexpr (same<Result, ill_typed>) {
        return ill_typed{};
    } else if constexpr (in_parts<Tensor, Axis>) {
        return failed<decltype(raise<ST_R313<started_in_parts<Tensor, Axis>, on_axis<Axis>, Name, Tensor>>())>();
    } else {
        using plan = named_hops<Tensor, Result, Axis, By>;
        constexpr bool writable = same<Element, typename Tensor::element>;
        constexpr code fault = writable ? fault_in_place<plan, true, Kept>() : code::view_room;
        using check = typename check_of_room<fault, plan, Result, Axis, Name, Tensor>::type;
        if constexpr (fault != code::ok)
            return failed<decltype(raise<check>())>();
        else
            return view_maker::make<pending_collective<planned_hop<plan, 0>, Result, C>>(x.communicators(), slot,
                                                                                         x.data(), x.data());
    }
}
}  // namespace detail

// `auto pending = all_gather_start<Axis, To>(x, destination, slot); ...; auto y = pending.wait();`
// The slot is the communicator's: several may be under way on one axis, each in its own. Checks as of the whole
// collectives; the axis is not one that the mesh divides [ST-R313].

/// Starts an all_reduce in place: x is given up, `all_reduce_start<Axis, To>(std::move(x))` [ST-C407].
/// @{
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce_start(tensor_view<Tensor, C, Element> const&& x, int slot = 0) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::start_in_place<false, names::all_reduce, collective::all_reduce, Axis>(x, slot, result{});
}
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce_start(tensor_view<Tensor, C, Element> const& x, int slot = 0) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::start_in_place<true, names::all_reduce, collective::all_reduce, Axis>(x, slot, result{});
}
/// @}
/// Starts an all_reduce to a destination.
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
