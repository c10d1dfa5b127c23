#pragma once

/// Checked collectives on memory of the caller's: `view` says what a pointer holds, and the type-level collectives take
/// views. Nothing is owned, allocated or started in the background; ranks, memory and kernels stay the caller's.

#include <shardtype/rules/checks.hpp>  // first, so that a compiler's "included from" is short

#include <shardtype/ops/view_collectives.hpp>
#include <shardtype/ops/view_data.hpp>
#include <shardtype/ops/view_redistribute.hpp>
#include <shardtype/ops/view_start.hpp>
#include <shardtype/ops/view_unchecked.hpp>
#include <shardtype/ops/view_verify.hpp>
#include <shardtype/tensor/valid.hpp>

namespace shardtype {

namespace detail {

// For debugging: with SHARDTYPE_VERIFY_VIEWS every `view` is verified, and so is a collective of the whole mesh.
#ifdef SHARDTYPE_VERIFY_VIEWS
inline constexpr bool verify_views = true;
#else
inline constexpr bool verify_views = false;
#endif

[[noreturn]] inline void refuse_communicator(char const* axis, int size, int found) {
    throw std::invalid_argument("view: axis " + std::string(axis) + " has " + std::to_string(size) +
                                " devices, its communicator " + std::to_string(found));
}
/// @throws std::invalid_argument where a communicator has not its axis' size
template <class... Axes, class C>
void require_sizes(mesh<Axes...>, C const& communicators) {
    int a = 0;
    auto const check = [&](int size, char const* name) {
        int const found = axis_communicator(communicators, a++).size();
        if (found != size) refuse_communicator(name, size, found);
    };
    (check(Axes::size, axis_name<Axes>()), ...);
}

}  // namespace detail

/// "This memory holds this rank's part of a Tensor", row-major: a trust boundary, see `verify`. No copy, no ownership.
/// @tparam Tensor  what `data` holds @tparam Verify whether to call `verify` at once
/// @param data a pointer, or what converts to a span (its size is checked); to const for a read-only view
/// @param communicators the rank's, see `mesh_communicators`; one communicator if the mesh has one axis. Outlive the view
/// @throws std::invalid_argument for too few elements, or a communicator that has not its axis' size
/// @pre Tensor is a valid tensor [ST-T202]
/// @snippet 08_own_trainer.cpp step
template <class Tensor, bool Verify = detail::verify_views, class Data, class Communicators>
auto view(Data&& data, Communicators const& communicators) {
    if constexpr (same<Tensor, ill_typed>) {
        return ill_typed{};
    } else if constexpr (!valid<Tensor>) {
        return detail::failed<decltype(detail::raise_invalid<Tensor>())>();
    } else {
        using mesh_type = typename Tensor::mesh_type;
        using element = typename Tensor::element;
        static_assert(mesh_communicators<Communicators> || (communicator<Communicators> && mesh_type::axes == 1),
                      "a view needs a communicator for each axis of the mesh: see mesh_communicators");
        constexpr bool writable = std::is_convertible_v<Data&&, room<element>>;
        static_assert(writable || std::is_convertible_v<Data&&, room<element const>>,
                      "a view's data is a pointer or a span of the tensor's element type");
        using seen = std::conditional_t<writable, element, element const>;
        room<seen> const given(static_cast<Data&&>(data));
        detail::require_sizes(mesh_type{}, communicators);
        tensor_view<Tensor, Communicators, seen> const out(given.at_least(Tensor::local_count, "view", "memory"),
                                                           communicators);
        if constexpr (Verify) verify(out);
        return out;
    }
}
/// The communicators would be gone before the view is used.
template <class Tensor, bool Verify = detail::verify_views, class Data, class Communicators>
auto view(Data&& data, Communicators const&& communicators) = delete;

}  // namespace shardtype
