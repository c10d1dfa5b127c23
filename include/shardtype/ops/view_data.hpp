#pragma once

#include <cstddef>
#include <span>

#include <shardtype/comm/mesh_communicators.hpp>
#include <shardtype/ops/view_memory.hpp>
#include <shardtype/rules/checks.hpp>
#include <shardtype/tensor/tensor.hpp>

namespace shardtype {

namespace detail {
/// Makes views, and collectives under way, of checked parts: memory gets a new type by `view`, by the collectives and by
/// `assume`, and by nothing else.
struct view_maker {
    template <class Made, class... From>
    static constexpr Made make(From&&... from) {
        return Made(static_cast<From&&>(from)...);
    }
};
}  // namespace detail

// With SHARDTYPE_VERIFY_VIEWS, which all files of a program define or none does (the CMake option does), every `view` is
// verified. The types then have other names: files that disagree and hand each other views do not link.
#ifdef SHARDTYPE_VERIFY_VIEWS
inline namespace verifying {
#endif

/// One rank's part of a Tensor in memory of the caller's, with the communicators that its collectives use. As a span, it
/// owns nothing and is copied freely; memory and communicators outlive it. Made by `view`, and by collectives.
/// @tparam Element the tensor's element type, or const of it: then it is read only
template <class Tensor, class Communicators, class Element = typename Tensor::element>
class tensor_view {
  public:
    using tensor_type = Tensor;                               ///< what the memory holds, by the caller's word
    static constexpr auto local_shape = Tensor::local_shape;  ///< row-major, without gaps
    static constexpr long local_count = Tensor::local_count;  ///< elements on this rank

    /// A read-only view of the same memory.
    template <class Writable>
        requires same<Writable const, Element>
    constexpr tensor_view(tensor_view<Tensor, Communicators, Writable> const& x)  // NOLINT: implicit on purpose
        : tensor_view(x.data(), x.communicators()) {}

    /// The first element.
    [[nodiscard]] constexpr Element* data() const { return data_; }
    /// All elements.
    [[nodiscard]] constexpr std::span<Element, static_cast<std::size_t>(local_count)> span() const {
        return std::span<Element, static_cast<std::size_t>(local_count)>{data_, static_cast<std::size_t>(local_count)};
    }
    /// What its collectives use.
    [[nodiscard]] constexpr Communicators const& communicators() const { return *communicators_; }
    /// The communicator of one axis. @pre the axis is the mesh's [ST-M003]
    template <class Axis>
    [[nodiscard]] constexpr auto const& on() const {
        return detail::axis_communicator(*communicators_, Tensor::mesh_type::template index_of<Axis>());
    }

  private:
    friend detail::view_maker;
    constexpr tensor_view(Element* data, Communicators const& communicators)
        : data_(data), communicators_(&communicators) {}

    Element* data_;
    Communicators const* communicators_;
};

#ifdef SHARDTYPE_VERIFY_VIEWS
}  // namespace verifying
#endif

/// Whether X is a `tensor_view<...>`.
template <class X>
inline constexpr bool is_view = false;
template <class Tensor, class C, class Element>
inline constexpr bool is_view<tensor_view<Tensor, C, Element>> = true;
template <class X>
inline constexpr bool is_view<X const> = is_view<X>;

}  // namespace shardtype
