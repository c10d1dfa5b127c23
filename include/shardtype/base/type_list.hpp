#pragma once

namespace shardtype {

/// False for every argument: a static_assert that fires only when its template is instantiated. All numbered checks
/// stand on it. The macro is for tests/mutation alone: with it no check fires, which shows that a refused program is
/// well formed but for what the check says.
template <class...>
#if defined(SHARDTYPE_TEST_ONLY_NO_CHECKS)
inline constexpr bool never = true;
#else
inline constexpr bool never = false;
#endif

/// As std::is_same_v, without the cost of its header.
template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;

/// A list of types, for a job's own operations and kernels.
template <class... Types>
struct type_list {};

namespace detail {

template <class... Lists>
struct concat;
template <>
struct concat<> {
    using type = type_list<>;
};
template <class... A>
struct concat<type_list<A...>> {
    using type = type_list<A...>;
};
template <class... A, class... B, class... Rest>
struct concat<type_list<A...>, type_list<B...>, Rest...> {
    using type = typename concat<type_list<A..., B...>, Rest...>::type;
};
template <class... Lists>
using concat_t = typename concat<Lists...>::type;

template <int I, class Head, class... Tail>
struct pick {
    using type = typename pick<I - 1, Tail...>::type;
};
template <class Head, class... Tail>
struct pick<0, Head, Tail...> {
    using type = Head;
};

}  // namespace detail
}  // namespace shardtype
