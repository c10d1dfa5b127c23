#pragma once

#include <shardtype/base/type_list.hpp>
#include <shardtype/mesh/axis.hpp>

namespace shardtype {

template <class Axis, int Parts>
struct ST_M004 {
    static_assert(never<Axis>,
                  "[ST-M004] an axis does not divide evenly into so many major parts: see ST_M004<axis, parts>");
};

namespace detail {
template <class Axis, int Parts>
constexpr auto check_division() {
    if constexpr (Parts < 1 || Axis::size % (Parts < 1 ? 1 : Parts) != 0) (void)sizeof(ST_M004<Axis, Parts>);
    return 0;
}
template <class...>
inline constexpr bool divides = true;
}  // namespace detail

/// The outer one of the two axes that Axis is divided into: Parts devices along it. A mesh has `major<tp, 2>,
/// minor<tp, 2>` in the place of `tp`, in this order, and rank r along tp is at r / minor::size, r % minor::size. So
/// two kv heads can be split over an axis of eight.
/// What is said of tp on such a mesh is said of both parts. Logs print `tp_major` and `tp_minor`.
/// @pre Parts divides Axis::size [ST-M004]
template <class Axis, int Parts>
struct major final : axis<Parts> {
    using divided = Axis;                                 ///< of which it is a part
    static constexpr char const* part_suffix = "_major";  ///< behind that axis' name

  private:
    static_assert(detail::divides<decltype(detail::check_division<Axis, Parts>())>);
};
/// The inner one: Axis::size / Parts devices along it.
/// @pre Parts divides Axis::size [ST-M004]
template <class Axis, int Parts>
struct minor final : axis<Axis::size / (Parts < 1 ? 1 : Parts)> {
    using divided = Axis;                                 ///< of which it is a part
    static constexpr char const* part_suffix = "_minor";  ///< behind that axis' name

  private:
    static_assert(detail::divides<decltype(detail::check_division<Axis, Parts>())>);
};

namespace detail {

template <class Part>
constexpr auto part_name() {
    struct text {
        char data[80]{};
    };
    text result;
    int n = 0;
    for (char const* p = axis_name<typename Part::divided>(); *p != 0 && n < 72; ++p) result.data[n++] = *p;
    for (char const* p = Part::part_suffix; *p != 0; ++p) result.data[n++] = *p;
    return result;
}

template <class A>
inline constexpr bool is_part = false;
template <class A, int N>
inline constexpr bool is_part<major<A, N>> = true;
template <class A, int N>
inline constexpr bool is_part<minor<A, N>> = true;

/// Into how many major parts a mesh with the axis B divides A; 0 where B is no part of A.
template <class A, class B>
inline constexpr int division = 0;
template <class A, class B, int N>
inline constexpr int division<A, major<B, N>> = same<A, B> ? N : division<A, B>;
template <class A, class B, int N>
inline constexpr int division<A, minor<B, N>> = same<A, B> ? N : division<A, B>;

/// Into how many major parts these axes divide A; 0 where none of them is a part of it.
template <class A, class... Axes>
constexpr int division_on() {
    int parts = 0;
    ((parts = division<A, Axes> > parts ? division<A, Axes> : parts), ...);
    return parts;
}

/// The axes that stand for A on a mesh: A itself, or the parts that it is divided into there.
template <class A, class... Axes>
constexpr auto parts_on() {
    constexpr bool here = (false || ... || same<A, Axes>);
    constexpr int parts = here ? 0 : division_on<A, Axes...>();
    if constexpr (parts == 0) {
        return type_list<A>{};
    } else {
        return concat_t<decltype(parts_on<major<A, parts>, Axes...>()),
                        decltype(parts_on<minor<A, parts>, Axes...>())>{};
    }
}

}  // namespace detail
}  // namespace shardtype
