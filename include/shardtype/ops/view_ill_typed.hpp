#pragma once

#include <shardtype/ops/view_data.hpp>

namespace shardtype {

/// The functions on views, of what is ill typed: silent, whatever else they are given. One mistake prints once.
/// @{
template <class Axis, class To, class... Rest>
    requires(sizeof...(Rest) > 0)
constexpr ill_typed all_reduce(ill_typed, Rest const&...) { return {}; }
template <class Axis, class To, class... Rest>
constexpr ill_typed all_reduce_start(ill_typed, Rest const&...) {
    return {};
}
template <class Axis, class To, class... Rest>
    requires(sizeof...(Rest) > 0)
constexpr ill_typed all_gather(ill_typed, Rest const&...) { return {}; }
template <class Axis, class To, class... Rest>
constexpr ill_typed all_gather_start(ill_typed, Rest const&...) {
    return {};
}
template <class Axis, int Dim, class... Rest>
    requires(sizeof...(Rest) > 0)
constexpr ill_typed reduce_scatter(ill_typed, Rest const&...) { return {}; }
template <class Axis, int Dim, class... Rest>
constexpr ill_typed reduce_scatter_start(ill_typed, Rest const&...) {
    return {};
}
template <class Axis, int Dim, class... Rest>
    requires(sizeof...(Rest) > 0)
constexpr ill_typed all_to_all(ill_typed, Rest const&...) { return {}; }
template <class Axis, int Dim, class... Rest>
constexpr ill_typed all_to_all_start(ill_typed, Rest const&...) {
    return {};
}
template <class... Placements, class First, class... Rest>
constexpr ill_typed redistribute(ill_typed, First const&, Rest const&...) {
    return {};
}
template <class Target, class First, class... Rest>
constexpr ill_typed redistribute_to(ill_typed, First const&, Rest const&...) {
    return {};
}
template <class From, class To, class... Rest>
constexpr ill_typed redistribute_backward(ill_typed, Rest const&...) {
    return {};
}
constexpr void verify(ill_typed) {}
/// @}

}  // namespace shardtype
