// The twin of constexpr_layouts.cpp with the placements as types in a Boost.Hana tuple.
#include <boost/hana/equal.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/range.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>
#include <boost/hana/zip_with.hpp>

namespace hana = boost::hana;

struct replicate {};
struct partial {};
struct wrong {};
template <int D>
struct shard {};

struct meet {
    template <class A, class B>
    constexpr wrong operator()(A, B) const {
        return {};
    }
    template <int D>
    constexpr shard<D> operator()(shard<D>, shard<D>) const {
        return {};
    }
    constexpr replicate operator()(replicate, replicate) const { return {}; }
    constexpr partial operator()(replicate, partial) const { return {}; }
    constexpr partial operator()(partial, replicate) const { return {}; }
};

template <int N, class Last>
using placements = hana::tuple<shard<N % 7>, replicate, shard<N % 5>, Last>;

template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;

struct each {
    template <class... N>
    constexpr bool operator()(N...) const {
        return (
            true && ... &&
            same<decltype(hana::zip_with(meet{}, placements<N::value, partial>{}, placements<N::value, replicate>{})),
                 placements<N::value, partial>>);
    }
};
static_assert(hana::unpack(hana::make_range(hana::int_c<0>, hana::int_c<64>), each{}));
