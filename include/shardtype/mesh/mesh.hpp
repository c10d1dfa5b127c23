#pragma once

#include <shardtype/base/type_list.hpp>
#include <shardtype/mesh/axis.hpp>
#include <shardtype/mesh/divided_axis.hpp>

namespace shardtype {

/// A mesh has at most so many axes: a layout is a value of fixed size.
inline constexpr int max_axes = 4;

template <class Axis>
struct ST_M001 {
    static_assert(never<Axis>, "[ST-M001] an axis stands twice in a mesh: see ST_M001<axis>; name each axis once");
};
template <class Axis, class Mesh>
struct ST_M003 {
    static_assert(never<Axis>, "[ST-M003] the axis is not in this tensor's mesh: see ST_M003<axis, mesh>");
};
template <class MeshToWrite, class Mesh>
struct ST_M005 {
    static_assert(
        never<Mesh>,
        "[ST-M005] a divided axis stands as major<axis, N>, minor<axis, N>, side by side and in this order, in "
        "the place of the axis: see ST_M005<mesh_to_write, mesh>");
};

template <class... Axes>
struct mesh;

namespace detail {
template <class... Axes>
mesh<Axes...> mesh_of(type_list<Axes...>);  // of unevaluated operands: it makes no mesh
/// The mesh with the parts of every divided axis in its place.
template <class... Axes, class... Whole>
constexpr auto mesh_to_write(type_list<Whole...>)
    -> decltype(detail::mesh_of(concat_t<decltype(divided_as<Whole, Axes...>())...>{}));

// Outside the class and unevaluated: clang defines a class' own functions too late, and reports a failed one twice.
template <class... None>
    requires(sizeof...(None) == 0)
constexpr auto check_each() { return 0; }
template <class Head, class... Tail>
constexpr auto check_each() {
    if constexpr (devices_along<Head>() < 1) {
        if constexpr (!is_part<Head>) (void)sizeof(ST_M002<Head>);  // a part has told of its axis
    } else if constexpr ((false || ... || same<Head, Tail>)) {
        (void)sizeof(ST_M001<Head>);
    } else {
        (void)sizeof(decltype(check_each<Tail...>()));
    }
    return 0;
}
/// Whether these are the axes of a mesh. Makes no class that checks itself.
template <class... Axes>
constexpr bool are_axes() {
    if constexpr (!(true && ... && has_devices<Axes>)) return false;
    return (true && ... && (times<Axes, Axes...> == 1));
}
template <class... Axes>
constexpr auto check_axes() {
    if constexpr (!are_axes<Axes...>()) {
        (void)sizeof(decltype(check_each<Axes...>()));
    } else if constexpr (!parts_in_place<Axes...>()) {
        using written = decltype(detail::mesh_to_write<Axes...>(detail::undivided_axes<Axes...>(type_list<>{})));
        (void)sizeof(ST_M005<written, mesh<Axes...>>);
    }
    return 0;
}
template <class A, class Mesh>
constexpr auto check_known() {
    if constexpr (Mesh::template count<A> == 0) (void)sizeof(ST_M003<A, Mesh>);
    return 0;
}
template <class... Checked>
inline constexpr bool all_checked = true;
}  // namespace detail

/// A grid of devices. Ranks are row-major over the axes: the last axis is the fastest.
/// `mesh<dp, tp>` with sizes 2 and 4: rank 5 has coordinates {1, 1}.
/// @pre every axis once [ST-M001], with at least one device [ST-M002]; a divided one as its two parts [ST-M005]
/// @snippet 01_mesh_and_tensor.cpp mesh
template <class... Axes>
struct mesh {
    static_assert(sizeof...(Axes) <= max_axes, "a mesh has at most 4 axes");
    static constexpr int axes = static_cast<int>(sizeof...(Axes));  ///< how many
    /// Devices.
    static constexpr int size = (1 * ... * (detail::devices_along<Axes>() < 1 ? 1 : detail::devices_along<Axes>()));
    /// Devices along each axis, 1 past the last.
    static constexpr int axis_size[max_axes] = {
        (detail::devices_along<Axes>() < 1 ? 1 : detail::devices_along<Axes>())...};

    /// The type of axis number I.
    template <int I>
    using axis_at = typename detail::pick<I, Axes..., void>::type;

    /// The position of axis A, or -1.
    template <class A>
    static constexpr int find() {
        int at = -1, i = 0;
        ((at = same<A, Axes> ? i : at, ++i), ...);
        return at;
    }
    /// How often A stands in this mesh: 0 or 1.
    template <class A>
    static constexpr int count = (0 + ... + (same<A, Axes> ? 1 : 0));

    /// Whether one of the axes is a part of another one, `major<tp, 2>`.
    static constexpr bool divided = (false || ... || detail::is_part<Axes>);
    /// The axes that stand for A here, as a type_list: itself, or the parts that it is divided into.
    template <class A>
    using parts_of = decltype(detail::parts_on<A, Axes...>());

    /// The position of axis A. @pre A is one of the axes [ST-M003]
    template <class A>
    static constexpr int index_of() {
        static_assert(detail::all_checked<decltype(detail::check_known<A, mesh>())>);
        return find<A>();
    }

    /// The coordinate of `rank` along axis number `at`.
    static constexpr int coordinate(int rank, int at) {
        for (int i = axes - 1; i > at; --i) rank /= axis_size[i];
        return rank % axis_size[at];
    }

  private:
    static_assert(detail::all_checked<decltype(detail::check_axes<Axes...>())>);
};

}  // namespace shardtype
