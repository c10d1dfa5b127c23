#pragma once

#include <shardtype/tensor/constant.hpp>
#include <shardtype/tensor/spelling.hpp>
#include <shardtype/tensor/tensor.hpp>

namespace shardtype {

namespace detail {

// None of these instantiates a class that checks itself: they answer where those would be an error.

/// Whether A has devices: a class with a size of at least 1; of a part, one that divides.
template <class A>
constexpr bool is_axis() {
    if constexpr (requires { A::size + 0; }) {
        return A::size >= 1;
    } else {
        return false;
    }
}
template <class A, int N>
constexpr bool is_division() {
    if constexpr (N >= 1) return A::size % N == 0;
    return false;
}
template <class A>
struct valid_axis {
    static constexpr bool value = is_axis<A>();
};
template <class A, int N>
struct valid_axis<major<A, N>> {
    static constexpr bool read() {
        if constexpr (valid_axis<A>::value) return is_division<A, N>();
        return false;
    }
    static constexpr bool value = read();
};
template <class A, int N>
struct valid_axis<minor<A, N>> : valid_axis<major<A, N>> {};

template <class A, class... Axes>
inline constexpr bool stands_once = (0 + ... + (same<A, Axes> ? 1 : 0)) == 1;
template <class... Axes>
constexpr bool valid_mesh() {
    return sizeof...(Axes) <= max_axes && (true && ... && valid_axis<Axes>::value) &&
           (true && ... && stands_once<Axes, Axes...>)&&parts_in_place<Axes...>();
}
template <class Mesh, class... A>
constexpr bool all_known(type_list<A...>) {
    return (true && ... && (Mesh::template count<A> == 1));
}

template <class X>
struct validity {
    static constexpr bool value = false;
};
template <class T, long... Extents, class... Axes, class... P>
struct validity<tensor<T, shape<Extents...>, mesh<Axes...>, P...>> {
    static constexpr bool read() {
        using mesh_type = mesh<Axes...>;
        if constexpr (!is_element<T> || sizeof...(Extents) > max_rank || !(true && ... && speller<P>::known)) {
            return false;
        } else if constexpr (!valid_mesh<Axes...>()) {
            return false;
        } else if constexpr (!(true && ... && all_known<mesh_type>(axes_of<on_mesh<mesh_type, P>>{}))) {
            return false;
        } else {
            constexpr spelling s = spelled<T, shape<Extents...>, mesh_type, P...>::result;
            return s.fault == code::ok && fault_of(s.value).what == code::ok;
        }
    }
    static constexpr bool value = read();
};
template <class Tensor>
struct validity<constant<Tensor>> {
    static constexpr bool value = is_tensor<constant<Tensor>> && validity<Tensor>::value;
};

}  // namespace detail

/// Whether X is a tensor type that compiles: known element and axes, canonical spelling, dimensions in range, even parts.
/// An alias checks nothing in C++: `static_assert(valid<weight>)` does, without an operation; operations check the same.
template <class X>
inline constexpr bool valid = detail::validity<X>::value;
/// What was refused already is not refused again.
/// @{
template <>
inline constexpr bool valid<ill_typed> = true;
template <>
inline constexpr bool valid<ill_typed const> = true;
/// @}

namespace detail {
template <class... X>
inline constexpr bool all_valid = (true && ... && valid<X>);

/// Raises what is wrong with the first of X that is not valid: its own error, or T202. Unevaluated, as `raise`.
template <class Head, class... Tail>
constexpr auto raise_invalid() {
    if constexpr (valid<Head>)
        return raise_invalid<Tail...>();
    else if constexpr (is_tensor<Head>)
        (void)sizeof(Head);
    else
        (void)sizeof(ST_T202<Head>);
    return 0;
}

template <bool Sound, class Spelled, class T, class Mesh, class Written>
struct canonical {
    using type = Written;
};
template <class Spelled, class T, class Mesh, class Written>
struct canonical<true, Spelled, T, Mesh, Written> {
    using type = from_layout<T, Mesh, Spelled>;
};
template <class T, class Shape, class Mesh, class... P>
constexpr bool only_spelled_badly() {
    if constexpr (!(true && ... && speller<P>::known)) {
        return false;
    } else if constexpr (!(true && ... && all_known<Mesh>(axes_of<on_mesh<Mesh, P>>{}))) {
        return false;
    } else {
        using read = spelled<T, Shape, Mesh, P...>;
        constexpr code what = fault_of(read::value).what;
        return (read::result.fault == code::ok || read::result.fault == code::not_canonical) &&
               (what == code::ok || what == code::not_divisible);
    }
}
}  // namespace detail

/// The tensor type of placements in any order and grouping, canonically spelled: `spell<float, shape<8, 4>, mesh<dp,
/// major<tp, 2>, minor<tp, 2>>, shard<0, tp>>` is the tensor with shard<0, major<tp, 2>, minor<tp, 2>>; a padded_shard
/// that turns out even is a shard. Other faults stay what they are.
/// @pre [ST-P102], [ST-P103], [ST-T201] to [ST-T203], [ST-M003], when the type is used
template <class T, class Shape, class Mesh, class... Placements>
using spell = typename detail::canonical<detail::only_spelled_badly<T, Shape, Mesh, Placements...>(),
                                         detail::spelled<T, Shape, Mesh, Placements...>, T, Mesh,
                                         tensor<T, Shape, Mesh, Placements...>>::type;

}  // namespace shardtype
