#pragma once

#include <shardtype/ops/view_collectives.hpp>
#include <shardtype/rules/unchecked.hpp>

// The escape hatches of rules/unchecked.hpp on views. Where numbers change, they do in place, or in a destination of the
// result's local count; else the result is a view of the same memory.
namespace shardtype::detail {
template <>
inline constexpr char const* operation_text<names::unchecked::invariant_to_partial> = "invariant_to_partial";
template <>
inline constexpr char const* operation_text<names::unchecked::shard_to_partial> = "shard_to_partial";
}  // namespace shardtype::detail

namespace shardtype::unchecked {

/// Nothing moves.
/// @pre [ST-C406]
template <class Axis, class Backward, class Tensor, class C, class Element>
auto replicate_to_invariant(tensor_view<Tensor, C, Element> x) {
    using result = decltype(unchecked::replicate_to_invariant<Axis, Backward>(Tensor{}));
    return detail::named_in_place<true, names::unchecked::replicate_to_invariant, collective::none, Axis>(x, result{});
}

/// Zeros on all ranks of the axis but the first, in place: x is given up.
/// @pre [ST-C406]; x is not read only [ST-C405], and is given up [ST-C407]
/// @{
template <class Axis, class Backward, class Tensor, class C, class Element>
auto invariant_to_partial(tensor_view<Tensor, C, Element> const&& x) {
    using result = decltype(unchecked::invariant_to_partial<Axis, Backward>(Tensor{}));
    return detail::named_in_place<false, names::unchecked::invariant_to_partial, collective::mask, Axis>(x, result{});
}
template <class Axis, class Backward, class Tensor, class C, class Element>
auto invariant_to_partial(tensor_view<Tensor, C, Element> const& x) {
    using result = decltype(unchecked::invariant_to_partial<Axis, Backward>(Tensor{}));
    return detail::named_in_place<true, names::unchecked::invariant_to_partial, collective::mask, Axis>(x, result{});
}
/// @}
/// The same in a destination.
template <class Axis, class Backward, class Tensor, class C, class Element>
auto invariant_to_partial(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(unchecked::invariant_to_partial<Axis, Backward>(Tensor{}));
    return detail::named_to<names::unchecked::invariant_to_partial, collective::mask, Axis>(x, destination, result{});
}

/// The part, with zeros around it.
/// @pre [ST-C406], [ST-C402]
template <class Axis, class Backward, class Tensor, class C, class Element>
auto shard_to_partial(tensor_view<Tensor, C, Element> x, room<typename Tensor::element> destination) {
    using result = decltype(unchecked::shard_to_partial<Axis, Backward>(Tensor{}));
    return detail::named_to<names::unchecked::shard_to_partial, collective::zero_pad, Axis>(x, destination, result{});
}

/// Nothing moves.
/// @pre [ST-C406]
template <class Axis, class Backward, class Tensor, class C, class Element>
auto replicate_to_partial_as_is(tensor_view<Tensor, C, Element> x) {
    using result = decltype(unchecked::replicate_to_partial_as_is<Axis, Backward>(Tensor{}));
    return detail::named_in_place<true, names::unchecked::replicate_to_partial_as_is, collective::none, Axis>(x,
                                                                                                              result{});
}

/// The same memory, taken for a Target.
/// @pre [ST-R309], [ST-R310]
template <class Target, class Tensor, class C, class Element>
auto assume(tensor_view<Tensor, C, Element> x) {
    using result = decltype(unchecked::assume<Target>(Tensor{}));
    if constexpr (same<result, ill_typed>)
        return ill_typed{};
    else
        return shardtype::detail::view_maker::make<tensor_view<result, C, Element>>(x.data(), x.communicators());
}

/// Of what is ill typed, whatever the room: silent.
/// @{
template <class Axis, class Backward, class Room>
constexpr ill_typed invariant_to_partial(ill_typed, Room const&) {
    return {};
}
template <class Axis, class Backward, class Room>
constexpr ill_typed shard_to_partial(ill_typed, Room const&) {
    return {};
}
/// @}

}  // namespace shardtype::unchecked
