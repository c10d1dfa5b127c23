#pragma once

#include <concepts>
#include <type_traits>

#include <shardtype/comm/communicator.hpp>

namespace shardtype {

/// One rank's communicators for a whole mesh: `on[a]` joins the ranks that differ from this one along axis number `a`
/// alone, in the order of their coordinates. `thread::rank_communicators` is one; over communicators of your own:
///
///     struct my_communicators { my_communicator on[2]; };  // mesh<dp, tp>: on[0] is dp's, on[1] is tp's
template <class C>
concept mesh_communicators = requires(C const& c, int axis) {
    requires communicator<std::remove_cvref_t<decltype(c.on[axis])>>;
};

namespace detail {
/// The communicator of axis number `axis`; of a mesh with one axis it may stand for itself.
template <class C>
constexpr auto const& axis_communicator(C const& c, int axis) {
    if constexpr (communicator<C>) {
        (void)axis;
        return c;
    } else {
        return c.on[axis];
    }
}
}  // namespace detail

}  // namespace shardtype
