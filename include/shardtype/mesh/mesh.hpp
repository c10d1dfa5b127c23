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
template <class Axis>
struct ST_M002 {
    static_assert(never<Axis>, "[ST-M002] a mesh axis needs at least one device: see ST_M002<axis>");
};
template <class Axis, class Mesh>
struct ST_M003 {
    static_assert(never<Axis>, "[ST-M003] the axis is not in this tensor's mesh: see ST_M003<axis, mesh>");
};

namespace detail {
// Outside the class and unevaluated: clang defines a class' own functions too late, and reports a failed one twice.
template <class... None>
    requires(sizeof...(None) == 0)
constexpr auto check_axes() { return 0; }
template <class Head, class... Tail>
constexpr auto check_axes() {
    if constexpr (Head::size < 1)
        (void)sizeof(ST_M002<Head>);
    else if constexpr ((false || ... || same<Head, Tail>))
        (void)sizeof(ST_M001<Head>);
    else if constexpr (sizeof...(Tail) > 0)
        (void)sizeof(decltype(check_axes<Tail...>()));
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
/// @pre every axis once [ST-M001], with at least one device [ST-M002]
/// @snippet 01_mesh_and_tensor.cpp mesh
template <class... Axes>
struct mesh {
    static_assert(sizeof...(Axes) <= max_axes, "a mesh has at most 4 axes");
    static constexpr int axes = static_cast<int>(sizeof...(Axes));  ///< how many
    static constexpr int size = (1 * ... * Axes::size);             ///< devices
    /// Devices along each axis, 1 past the last.
    static constexpr int axis_size[max_axes] = {(Axes::size < 1 ? 1 : Axes::size)...};

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
