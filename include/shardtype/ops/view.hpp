#pragma once

/// Checked collectives on memory of the caller's: `view` says what a pointer holds, and the type-level collectives take
/// views. Nothing is owned, allocated or started in the background; ranks, memory and kernels stay the caller's.

#include <shardtype/rules/checks.hpp>  // first, so that a compiler's "included from" is short

#include <shardtype/ops/view_collectives.hpp>
#include <shardtype/ops/view_data.hpp>
#include <shardtype/ops/view_ill_typed.hpp>
#include <shardtype/ops/view_redistribute.hpp>
#include <shardtype/ops/view_start.hpp>
#include <shardtype/ops/view_unchecked.hpp>
#include <shardtype/ops/view_verify.hpp>
#include <shardtype/tensor/valid.hpp>

namespace shardtype {

namespace detail {

/// What the members of `ill_typed` give.
template <class X>
inline constexpr bool of_ill_typed =
    same<std::remove_cvref_t<X>, any_memory> || same<std::remove_cvref_t<X>, ill_typed>;

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

namespace names {
struct view {};
}  // namespace names

#ifdef SHARDTYPE_VERIFY_VIEWS
inline namespace verifying {
inline constexpr bool verify_views = true;  ///< whether `view` verifies by itself
#else
inline constexpr bool verify_views = false;  ///< whether `view` verifies by itself
#endif

/// "This memory holds this rank's part of a Tensor", row-major: a trust boundary, see `verify`. No copy, no ownership.
/// @tparam Tensor  what `data` holds @tparam Verify whether to call `verify` at once: then a collective of the whole mesh
/// @param data a pointer, or what converts to a span (its size is checked); to const for a read-only view
/// @param communicators the rank's, see `mesh_communicators`; one communicator if the mesh has one axis. Outlive the view
/// @throws std::invalid_argument for too few elements, or a communicator that has not its axis' size
/// @pre Tensor is a valid tensor [ST-T202]; the memory is of its elements, the communicators are of its mesh [ST-C408]
/// @snippet 08_own_trainer.cpp step
template <class Tensor, bool Verify = verify_views, class Data, class Communicators>
auto view(Data&& data, Communicators const& communicators) {
    if constexpr (detail::any_failed<Tensor> || detail::of_ill_typed<Data> || detail::of_ill_typed<Communicators>) {
        return ill_typed{};
    } else if constexpr (!valid<Tensor>) {
        return detail::failed<decltype(detail::raise_invalid<Tensor>())>();
    } else {
        using mesh_type = typename Tensor::mesh_type;
        using element = typename Tensor::element;
        constexpr bool writable = std::is_convertible_v<Data&&, room<element>>;
        if constexpr (!mesh_communicators<Communicators> && !(communicator<Communicators> && mesh_type::axes == 1)) {
            using fix = write<communicators_of<mesh_type::axes>>;
            return detail::failed<
                decltype(detail::raise<ST_C408<fix, on_axis<void>, names::view, Tensor, Communicators>>())>();
        } else if constexpr (!writable && !std::is_convertible_v<Data&&, room<element const>>) {
            using fix = write<pointer_or_span<element>>;
            return detail::failed<decltype(detail::raise<ST_C408<fix, on_axis<void>, names::view, Tensor, Data>>())>();
        } else {
            using seen = std::conditional_t<writable, element, element const>;
            room<seen> const given(static_cast<Data&&>(data));
            detail::require_sizes(mesh_type{}, communicators);
            auto const out = detail::view_maker::make<tensor_view<Tensor, Communicators, seen>>(
                given.at_least(Tensor::local_count, "view", "memory"), communicators);
            if constexpr (Verify) verify(out);
            return out;
        }
    }
}
/// The communicators would be gone before the view is used.
template <class Tensor, bool Verify = verify_views, class Data, class Communicators>
auto view(Data&& data, Communicators const&& communicators) = delete;
/// The elements would be gone before the view is used.
template <class Tensor, bool Verify = verify_views, class Data, class Communicators>
    requires detail::owning_rvalue<Data>
auto view(Data&& data, Communicators const& communicators) = delete;

#ifdef SHARDTYPE_VERIFY_VIEWS
}  // namespace verifying
#endif

}  // namespace shardtype
