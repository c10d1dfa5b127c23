#pragma once

#include <shardtype/ops/view_plan.hpp>
#include <shardtype/rules/report.hpp>

namespace shardtype {

namespace detail {

// A redistribution by its typed answer, whose errors go through.
template <bool Kept, class Result, class Tensor, class C, class Element>
auto redistribute_in_place(tensor_view<Tensor, C, Element> const& x, Result result) {
    if constexpr (same<Result, ill_typed>)
        return ill_typed{};
    else
        return run_in_place<forward_hops<Tensor, Result>, Kept, names::redistribute, void>(x, result);
}
template <bool HasScratch, class Result, class Tensor, class C, class Element>
auto redistribute_into(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination,
                       room<typename Tensor::element> const& scratch, Result result) {
    if constexpr (same<Result, ill_typed>)
        return ill_typed{};
    else
        return run_to<forward_hops<Tensor, Result>, HasScratch, names::redistribute, void>(x, destination, scratch,
                                                                                           result);
}

// Its backward, after the check that dz is a gradient of To.
template <bool Kept, class From, class To, class Tensor, class C, class Element>
auto back_in_place(tensor_view<Tensor, C, Element> const& dz) {
    using from = typename tensor_in<From>::type;
    using to = typename tensor_in<To>::type;
    if constexpr (any_failed<Tensor, decltype(shardtype::redistribute_to<to>(from{}))>) {
        return ill_typed{};
    } else if constexpr (!same<Tensor, gradient_t<to>>) {
        return failed<decltype(report_gradient_type<gradient_t<to>, Tensor, names::redistribute, from>())>();
    } else {
        return run_in_place<backward_hops<from, to>, Kept, names::redistribute, void>(dz, gradient_t<from>{});
    }
}
template <bool HasScratch, class From, class To, class Tensor, class C, class Element>
auto back_into(tensor_view<Tensor, C, Element> const& dz, room<typename Tensor::element> const& destination,
               room<typename Tensor::element> const& scratch) {
    using from = typename tensor_in<From>::type;
    using to = typename tensor_in<To>::type;
    if constexpr (any_failed<Tensor, decltype(shardtype::redistribute_to<to>(from{}))>) {
        return ill_typed{};
    } else if constexpr (!same<Tensor, gradient_t<to>>) {
        return failed<decltype(report_gradient_type<gradient_t<to>, Tensor, names::redistribute, from>())>();
    } else {
        return run_to<backward_hops<from, to>, HasScratch, names::redistribute, void>(dz, destination, scratch,
                                                                                      gradient_t<from>{});
    }
}

}  // namespace detail

/// The redistribution of rules/redistribute.hpp, run within x's own memory: where nothing moves the result is a view of
/// the same memory, a slice of the outermost dimension is a view into it, and a sum (or the zeros of a new summand)
/// replaces it. An x that the caller keeps is not written: it has to be given up, `std::move(x)`, and a slice of it is
/// read only.
/// @pre as of the typed redistribution; the result lies within x's memory, or [ST-C405]; what is written is given up
/// [ST-C407]
/// @snippet 04_matmul.cpp forward
/// @{
template <class... Placements, class Tensor, class C, class Element>
auto redistribute(tensor_view<Tensor, C, Element> const& x) {
    return detail::redistribute_in_place<true>(x, decltype(shardtype::redistribute<Placements...>(Tensor{})){});
}
template <class... Placements, class Tensor, class C, class Element>
auto redistribute(tensor_view<Tensor, C, Element> const&& x) {
    return detail::redistribute_in_place<false>(x, decltype(shardtype::redistribute<Placements...>(Tensor{})){});
}
/// @}
/// From x to a destination of the result's local count; x stays as it is.
/// @pre as of the typed redistribution; one hop moves data, else [ST-C405]
/// @throws std::invalid_argument for memory that is too small, or overlaps
template <class... Placements, class Tensor, class C, class Element>
auto redistribute(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    return detail::redistribute_into<false>(x, destination, {},
                                            decltype(shardtype::redistribute<Placements...>(Tensor{})){});
}
/// The same by several hops, with `redistribution_scratch` elements of scratch.
/// @snippet 02_shard_and_gather.cpp redistribute
template <class... Placements, class Tensor, class C, class Element>
auto redistribute(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination,
                  room<typename Tensor::element> scratch) {
    return detail::redistribute_into<true>(x, destination, scratch,
                                           decltype(shardtype::redistribute<Placements...>(Tensor{})){});
}

/// The same with everything stated: x as a Target.
/// @{
template <class Target, class Tensor, class C, class Element>
auto redistribute_to(tensor_view<Tensor, C, Element> const& x) {
    return detail::redistribute_in_place<true>(x, decltype(shardtype::redistribute_to<Target>(Tensor{})){});
}
template <class Target, class Tensor, class C, class Element>
auto redistribute_to(tensor_view<Tensor, C, Element> const&& x) {
    return detail::redistribute_in_place<false>(x, decltype(shardtype::redistribute_to<Target>(Tensor{})){});
}
template <class Target, class Tensor, class C, class Element>
auto redistribute_to(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    return detail::redistribute_into<false>(x, destination, {},
                                            decltype(shardtype::redistribute_to<Target>(Tensor{})){});
}
template <class Target, class Tensor, class C, class Element>
auto redistribute_to(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination,
                     room<typename Tensor::element> scratch) {
    return detail::redistribute_into<true>(x, destination, scratch,
                                           decltype(shardtype::redistribute_to<Target>(Tensor{})){});
}
/// @}

/// The backward of a redistribution from a tensor type From to a type To: from the gradient of the result to that of the
/// operand, by the duals of its hops in reverse. In place, to a destination, or with `redistribution_backward_scratch`.
/// @tparam From,To tensor types, or types of views
/// @pre dz has the gradient type of To [ST-G501]; room as of `redistribute` [ST-C405], [ST-C407]
/// @snippet 08_own_trainer.cpp backward
/// @{
template <class From, class To, class Tensor, class C, class Element>
auto redistribute_backward(tensor_view<Tensor, C, Element> const& dz) {
    return detail::back_in_place<true, From, To>(dz);
}
template <class From, class To, class Tensor, class C, class Element>
auto redistribute_backward(tensor_view<Tensor, C, Element> const&& dz) {
    return detail::back_in_place<false, From, To>(dz);
}
template <class From, class To, class Tensor, class C, class Element>
auto redistribute_backward(tensor_view<Tensor, C, Element> dz, room<typename Tensor::element> destination) {
    return detail::back_into<false, From, To>(dz, destination, {});
}
template <class From, class To, class Tensor, class C, class Element>
auto redistribute_backward(tensor_view<Tensor, C, Element> dz, room<typename Tensor::element> destination,
                           room<typename Tensor::element> scratch) {
    return detail::back_into<true, From, To>(dz, destination, scratch);
}
/// @}

}  // namespace shardtype
