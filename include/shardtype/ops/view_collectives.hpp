#pragma once

#include <shardtype/ops/view_plan.hpp>

namespace shardtype {

namespace detail {

/// A collective by its name, within x's memory; errors of the typed one go through.
template <bool Kept, class Name, collective By, class Axis, class Result, class Tensor, class C, class Element>
auto named_in_place(tensor_view<Tensor, C, Element> const& x, Result result) {
    if constexpr (same<Result, ill_typed>)
        return ill_typed{};
    else
        return run_in_place<named_hops<Tensor, Result, Axis, By>, Kept, Name, Axis>(x, result);
}
/// The same to a destination.
template <class Name, collective By, class Axis, class Result, class Tensor, class C, class Element>
auto named_to(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination,
              Result result) {
    if constexpr (same<Result, ill_typed>)
        return ill_typed{};
    else
        return run_to<named_hops<Tensor, Result, Axis, By>, false, Name, Axis>(x, destination, {}, result);
}

}  // namespace detail

// The collectives of rules/collectives.hpp on views: the same checks, and then they run. Each rank of the axis' group
// calls them in the same order. The result's address is the destination, whatever had to move.

/// Sum over Axis, in place: x's memory becomes the result's, and x is no more what it says. So it is given up:
/// `all_reduce<tp, to_invariant>(std::move(x))`, or of a view made in the call.
/// @pre partial on Axis [ST-C401]; x is not read only [ST-C405], and is given up [ST-C407]
/// @snippet 08_own_trainer.cpp step
/// @{
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce(tensor_view<Tensor, C, Element> const&& x) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::named_in_place<false, names::all_reduce, collective::all_reduce, Axis>(x, result{});
}
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce(tensor_view<Tensor, C, Element> const& x) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::named_in_place<true, names::all_reduce, collective::all_reduce, Axis>(x, result{});
}
/// @}
/// Sum over Axis, to a destination of the local count of x; x stays as it is.
/// @pre [ST-C401] @throws std::invalid_argument for a destination that is too small, or overlaps
template <class Axis, class To, class Tensor, class C, class Element>
auto all_reduce(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(shardtype::all_reduce<Axis, To>(Tensor{}));
    return detail::named_to<names::all_reduce, collective::all_reduce, Axis>(x, destination, result{});
}

/// Makes a shard whole, in a destination of the local count of the result.
/// @pre [ST-C404], [ST-C402] @throws std::invalid_argument for a destination that is too small, or overlaps
/// @snippet 02_shard_and_gather.cpp gather
template <class Axis, class To, class Tensor, class C, class Element>
auto all_gather(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(shardtype::all_gather<Axis, To>(Tensor{}));
    return detail::named_to<names::all_gather, collective::all_gather, Axis>(x, destination, result{});
}
/// Sum over Axis of which each rank keeps its part of dimension Dim, in a destination of the result's local count.
/// @pre [ST-C401], [ST-T201] @throws std::invalid_argument for a destination that is too small, or overlaps
template <class Axis, int Dim, class Tensor, class C, class Element>
auto reduce_scatter(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(shardtype::reduce_scatter<Axis, Dim>(Tensor{}));
    return detail::named_to<names::reduce_scatter, collective::reduce_scatter, Axis>(x, destination, result{});
}
/// Moves Axis' shard to dimension Dim, in a destination of the result's local count.
/// @pre [ST-C404], [ST-C402] @throws std::invalid_argument for a destination that is too small, or overlaps
template <class Axis, int Dim, class Tensor, class C, class Element>
auto all_to_all(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(shardtype::all_to_all<Axis, Dim>(Tensor{}));
    return detail::named_to<names::all_to_all, collective::all_to_all, Axis>(x, destination, result{});
}

/// Without a destination: only on an axis of one device, where nothing moves.
/// @pre [ST-C405]
/// @{
template <class Axis, class To, class Tensor, class C, class Element>
auto all_gather(tensor_view<Tensor, C, Element> x) {
    using result = decltype(shardtype::all_gather<Axis, To>(Tensor{}));
    return detail::named_in_place<true, names::all_gather, collective::all_gather, Axis>(x, result{});
}
template <class Axis, int Dim, class Tensor, class C, class Element>
auto reduce_scatter(tensor_view<Tensor, C, Element> x) {
    using result = decltype(shardtype::reduce_scatter<Axis, Dim>(Tensor{}));
    return detail::named_in_place<true, names::reduce_scatter, collective::reduce_scatter, Axis>(x, result{});
}
template <class Axis, int Dim, class Tensor, class C, class Element>
auto all_to_all(tensor_view<Tensor, C, Element> x) {
    using result = decltype(shardtype::all_to_all<Axis, Dim>(Tensor{}));
    return detail::named_in_place<true, names::all_to_all, collective::all_to_all, Axis>(x, result{});
}
/// @}

}  // namespace shardtype
