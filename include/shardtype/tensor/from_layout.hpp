#pragma once

#include <shardtype/base/type_list.hpp>
#include <shardtype/tensor/layout.hpp>
#include <shardtype/tensor/shape.hpp>

namespace shardtype {

/// A list of numbers as a type; as std::integer_sequence, without the cost of its header.
template <int... I>
struct int_list {};

template <class T, class Shape, class Mesh, class... Placements>
struct tensor;

namespace detail {

template <int N, int... I>
struct ints : ints<N - 1, N - 1, I...> {};
template <int... I>
struct ints<0, I...> {
    using type = int_list<I...>;
};
template <int N>
using make_ints = typename ints<N>::type;

constexpr int count_kind(layout const& x, kind k) {
    int n = 0;
    for (int a = 0; a < x.axes; ++a) n += x.on[a].is == k ? 1 : 0;
    return n;
}
constexpr int nth_of_kind(layout const& x, kind k, int n) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == k && n-- == 0) return a;
    return -1;
}

template <bool Padded>
struct shard_as {
    template <int Dim, class... Axes>
    using type = shard<Dim, Axes...>;
};
template <>
struct shard_as<true> {
    template <int Dim, class... Axes>
    using type = padded_shard<Dim, Axes...>;
};

/// The canonical spelling of Holder::value, group by group.
template <class T, class Mesh, class Holder>
struct writer {
    static constexpr layout v = Holder::value;
    static constexpr bool pads = v.padded_axis() >= 0;

    template <int Dim, int... I>
    static type_list<shard<Dim, typename Mesh::template axis_at<v.axis_at(Dim, I)>...>> sharded(int_list<I...>,
                                                                                                shard_as<false>);
    template <int Dim, int... I>
    static type_list<padded_shard<Dim, typename Mesh::template axis_at<v.axis_at(Dim, I)>...>> sharded(int_list<I...>,
                                                                                                       shard_as<true>);
    template <int Dim>
    static type_list<> sharded(int_list<>, shard_as<false>);

    template <int... I>
    static type_list<replicate<typename Mesh::template axis_at<nth_of_kind(v, kind::replicate, I)>...>> replicated(
        int_list<I...>);
    static type_list<> replicated(int_list<>);

    template <int... I>
    static type_list<partial<typename Mesh::template axis_at<nth_of_kind(v, kind::partial, I)>...>> summands(
        int_list<I...>);
    static type_list<> summands(int_list<>);

    template <int... D>
    static concat_t<decltype(sharded<D>(make_ints<v.shards(D)>{}, shard_as<pads && v.padded(D)>{}))...,
                    decltype(replicated(make_ints<count_kind(v, kind::replicate)>{})),
                    decltype(summands(make_ints<count_kind(v, kind::partial)>{}))>
        all(int_list<D...>);

    template <int... D, class... P>
    static tensor<T, shape<v.extent[D]...>, Mesh, P...> build(int_list<D...>, type_list<P...>);

    using dims = make_ints<v.rank>;
    using type = decltype(build(dims{}, decltype(all(dims{})){}));
};

template <class T, class Mesh, class Holder>
using from_layout = typename writer<T, Mesh, Holder>::type;

}  // namespace detail
}  // namespace shardtype
