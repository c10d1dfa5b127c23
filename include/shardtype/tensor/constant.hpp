#pragma once

#include <shardtype/tensor/tensor.hpp>

namespace shardtype {

/// What an operand without gradient has instead of one.
struct no_gradient {};

/// A tensor without a gradient: a table of angles, a mask, a frozen weight. It has all the members of `Tensor`, and is
/// taken wherever that tensor is. Nobody reduces a gradient of it, so invariant and replicate are the same for it: a
/// redistribution between them is free, and the others send their forward bytes only.
/// Tensors of integers are constant by themselves.
/// @pre Tensor is a tensor, and not constant yet [ST-T202]
/// @see constant_t for one that may be constant already
template <class Tensor>
struct constant {
    static_assert(sizeof(ST_T202<constant>) != 0);
};

/// A tensor without a gradient. The members are the tensor's.
template <class T, class Shape, class Mesh, class... P>
    requires(!same<T, int>)
struct constant<tensor<T, Shape, Mesh, P...>> : tensor<T, Shape, Mesh, P...> {};

template <class T, class Shape, class Mesh, class... P>
inline constexpr bool is_tensor<constant<tensor<T, Shape, Mesh, P...>>> = !same<T, int>;

/// Whether X has no gradient: constant<...>, and tensors of integers.
template <class X>
inline constexpr bool is_constant = false;
template <class Tensor>
inline constexpr bool is_constant<constant<Tensor>> = true;
template <class X>
inline constexpr bool is_constant<X const> = is_constant<X>;
template <class Shape, class Mesh, class... P>
inline constexpr bool is_constant<tensor<int, Shape, Mesh, P...>> = true;

/// What has no gradient: no_gradient.
template <class X>
    requires(is_constant<X>)
struct gradient<X> {
    using type = no_gradient;  ///< in the place of a tensor
};

namespace detail {
template <bool Constant, class X>
struct constant_if {
    using type = X;
};
// From the parts: nvcc writes out how else the tensor was found, and fails.
template <class T, class Shape, class Mesh, class... P>
    requires(!same<T, int>)
struct constant_if<true, tensor<T, Shape, Mesh, P...>> {
    using type = constant<tensor<T, Shape, Mesh, P...>>;
};

/// The tensor of Holder::value with the elements and the mesh of X; constant where X is.
template <class X, class Holder>
using tensor_like =
    typename constant_if<is_constant<X>, tensor_of<typename X::element, typename X::mesh_type, Holder>>::type;
}  // namespace detail

/// X without its gradient: constant<X>, or X itself where it has none.
template <class X>
using constant_t = typename detail::constant_if<true, X>::type;

}  // namespace shardtype
