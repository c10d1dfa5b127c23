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
/// Whether Axis has devices, in so many equal parts.
template <class Axis, int Parts>
constexpr bool is_divisible() {
    if constexpr (devices_along<Axis>() < 1 || Parts < 1) return false;
    return devices_along<Axis>() % (Parts < 1 ? 1 : Parts) == 0;
}
/// For each part by itself: clang has no second use of a function that failed.
template <class Axis, int Parts, bool IsMajor>
constexpr auto check_division() {
    if constexpr (devices_along<Axis>() < 1)
        (void)sizeof(ST_M002<Axis>);
    else if constexpr (!is_divisible<Axis, Parts>())
        (void)sizeof(ST_M004<Axis, Parts>);
    return 0;
}
template <class...>
inline constexpr bool divides = true;
}  // namespace detail

/// The outer one of the two axes that Axis is divided into: Parts devices along it. A mesh has `major<tp, 2>,
/// minor<tp, 2>` in the place of `tp`, side by side and in this order [ST-M005], and rank r along tp is at
/// r / minor::size, r % minor::size. So two kv heads can be split over an axis of eight. Parts may be divided again.
/// What is said of tp on such a mesh is said of both parts. Logs print `tp_major` and `tp_minor`.
/// @pre Parts divides Axis::size [ST-M004]
template <class Axis, int Parts>
struct major final : axis<Parts> {
    using divided = Axis;                                 ///< of which it is a part
    static constexpr char const* part_suffix = "_major";  ///< behind that axis' name

  private:
    static_assert(detail::divides<decltype(detail::check_division<Axis, Parts, true>())>);
};
/// The inner one: Axis::size / Parts devices along it.
/// @pre Parts divides Axis::size [ST-M004]
template <class Axis, int Parts>
struct minor final : axis<detail::devices_along<Axis>() / (Parts < 1 ? 1 : Parts)> {
    using divided = Axis;                                 ///< of which it is a part
    static constexpr char const* part_suffix = "_minor";  ///< behind that axis' name

  private:
    static_assert(detail::divides<decltype(detail::check_division<Axis, Parts, false>())>);
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

/// Whether A has devices; of a part, whether its axis has them and divides. Makes no class that checks itself.
template <class A>
inline constexpr bool has_devices = devices_along<A>() >= 1;
template <class A, int N>
inline constexpr bool has_devices<major<A, N>> = has_devices<A>&& is_divisible<A, N>();
template <class A, int N>
inline constexpr bool has_devices<minor<A, N>> = has_devices<major<A, N>>;

/// Axes from last to first, each pair of parts that stands in its place made the axis that it is of.
template <class Next, class Before>
struct rejoined;
template <class Next, class... Before>
struct rejoined<Next, type_list<Before...>> {
    using type = type_list<Next, Before...>;
};
template <class A, int N, class... Before>
struct rejoined<minor<A, N>, type_list<major<A, N>, Before...>> : rejoined<A, type_list<Before...>> {};
template <class Before>
constexpr Before rejoin() {
    return {};
}
template <class Before, class Head, class... Tail>
constexpr auto rejoin() {
    return rejoin<typename rejoined<Head, Before>::type, Tail...>();
}

template <class A, class... Axes>
inline constexpr int times = (0 + ... + (same<A, Axes> ? 1 : 0));
template <class... Whole>
constexpr bool whole_and_once(type_list<Whole...>) {
    return !(false || ... || is_part<Whole>)&&(true && ... && (times<Whole, Whole...> == 1));
}
/// Whether the two parts of every divided axis stand side by side in its place, and nowhere else it or parts of it.
template <class... Axes>
constexpr bool parts_in_place() {
    if constexpr (!(false || ... || is_part<Axes>)) return true;
    return detail::whole_and_once(rejoin<type_list<>, Axes...>());
}

/// The axis that a part is of, divided by nobody; another axis itself.
template <class A>
struct undivided {
    using type = A;
};
template <class A, int N>
struct undivided<major<A, N>> : undivided<A> {};
template <class A, int N>
struct undivided<minor<A, N>> : undivided<A> {};

/// A in the parts that any of these axes divide it into.
template <class A, class... Axes>
constexpr auto divided_as() {
    constexpr int parts = division_on<A, Axes...>();
    if constexpr (parts == 0)
        return type_list<A>{};
    else
        return concat_t<decltype(divided_as<major<A, parts>, Axes...>()),
                        decltype(divided_as<minor<A, parts>, Axes...>())>{};
}

/// The axes that these are or are parts of, each once, in order.
template <class... Done>
constexpr type_list<Done...> undivided_axes(type_list<Done...>) {
    return {};
}
template <class Head, class... Tail, class... Done>
constexpr auto undivided_axes(type_list<Done...>) {
    using whole = typename undivided<Head>::type;
    if constexpr (times<whole, Done...> == 1)
        return detail::undivided_axes<Tail...>(type_list<Done...>{});
    else
        return detail::undivided_axes<Tail...>(type_list<Done..., whole>{});
}

}  // namespace detail
}  // namespace shardtype
