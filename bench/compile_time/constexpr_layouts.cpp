// One job, done with values: 64 operations on placements over four axes, each result a type again. Its twin is
// hana_layouts.cpp. A shard of two equal dimensions stays, a partial meets only a replicate.
template <int...>
struct placements {};
inline constexpr int replicate = -1, partial = -2, wrong = -3;

struct layout {
    int on[4]{};
};
constexpr layout meet(layout x, layout y) {
    layout z;
    for (int a = 0; a < 4; ++a)
        z.on[a] = x.on[a] == y.on[a]                           ? (x.on[a] == partial ? wrong : x.on[a])
                  : x.on[a] == partial && y.on[a] == replicate ? partial
                  : y.on[a] == partial && x.on[a] == replicate ? partial
                                                               : wrong;
    return z;
}

template <int N>
struct operand {
    static constexpr layout value{{N % 7, replicate, N % 5, partial}};
};
template <int N>
struct result {
    static constexpr layout value = meet(operand<N>::value, layout{{N % 7, replicate, N % 5, replicate}});
    using type = placements<value.on[0], value.on[1], value.on[2], value.on[3]>;
};

template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;

template <int... N>
constexpr bool all(placements<N...>) {
    return (true && ... && same<typename result<N>::type, placements<N % 7, replicate, N % 5, partial>>);
}
static_assert(all(placements<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
                             25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                             48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63>{}));
