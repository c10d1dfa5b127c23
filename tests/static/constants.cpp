// constant<Tensor>: no gradient, and invariant and replicate are the same for it.

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
using st::constant, st::invariant, st::partial, st::replicate, st::same, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class... P>
using real = st::tensor<float, shape<8, 16>, grid, P...>;
template <class... P>
using frozen = constant<real<P...>>;
template <class... P>
using ids = st::tensor<int, shape<8, 16>, grid, P...>;

// It is the tensor, without a gradient.
static_assert(st::is_tensor<frozen<>> && st::is_constant<frozen<>> && !st::is_constant<real<>>);
static_assert(frozen<shard<0, tp>>::value == real<shard<0, tp>>::value && frozen<shard<0, tp>>::local_bytes == 128);
static_assert(frozen<shard<0, tp>>::local_shape == shape<2, 16>{} && frozen<>::bytes == 512);
static_assert(same<frozen<>::element, float> && same<frozen<>::mesh_type, grid> &&
              frozen<shard<0, tp>>::offset(3, 0) == 6);
static_assert(same<st::gradient_t<frozen<>>, st::no_gradient> && same<st::gradient_t<real<>>, real<>>);
static_assert(st::is_constant<ids<>> && same<st::gradient_t<ids<>>, st::no_gradient>);
static_assert(same<st::constant_t<real<>>, frozen<>> && same<st::constant_t<frozen<>>, frozen<>>);
static_assert(same<st::constant_t<ids<>>, ids<>>);

template <class To, class From>
inline constexpr st::conversion path = st::redistribution_path<From, To>;
template <class X, class... P>
using redistributed = decltype(st::redistribute<P...>(X{}));

// Redistribution keeps it constant.
static_assert(same<redistributed<frozen<shard<0, tp>>, replicate<tp>>, frozen<replicate<tp>>>);
static_assert(same<redistributed<frozen<>, shard<1, dp>>, frozen<shard<1, dp>>>);
static_assert(same<decltype(st::redistribute_to<real<replicate<tp>>>(frozen<shard<0, tp>>{})), frozen<replicate<tp>>>);
static_assert(same<decltype(st::redistribute_to<frozen<replicate<tp>>>(frozen<>{})), frozen<replicate<tp>>>);
static_assert(same<decltype(st::redistribute_to<ids<replicate<tp>>>(ids<>{})), ids<replicate<tp>>>);
// So do the collectives by name.
static_assert(same<decltype(st::all_gather<tp, st::to_invariant>(frozen<shard<0, tp>>{})), frozen<>>);
static_assert(same<decltype(st::all_reduce<tp, st::to_replicate>(frozen<partial<tp>>{})), frozen<replicate<tp>>>);
static_assert(same<decltype(st::reduce_scatter<tp, 1>(frozen<partial<tp>>{})), frozen<shard<1, tp>>>);
static_assert(same<decltype(st::all_to_all<tp, 1>(frozen<shard<0, tp>>{})), frozen<shard<1, tp>>>);
static_assert(same<decltype(st::all_gather<dp, st::to_replicate>(ids<shard<0, dp>>{})), ids<replicate<dp>>>);

// Invariant and replicate are the same: both ways are free, and need no hop.
static_assert(path<frozen<>, frozen<replicate<tp>>>.says.legal() && path<frozen<>, frozen<replicate<tp>>>.hops == 0);
static_assert(path<frozen<replicate<dp, tp>>, frozen<>>.bytes == 0 && path<ids<>, ids<replicate<tp>>>.hops == 0);
static_assert(same<redistributed<frozen<replicate<tp>>, invariant<tp>>, frozen<>>);
// A tensor with a gradient pays for both: its backward is an all_reduce there, and a detour here.
static_assert(path<real<replicate<tp>>, real<>>.bytes > 0 && path<real<>, real<replicate<tp>>>.bytes > 0);

template <class... P>
using x = st::tensor<float, shape<8, 16>, st::mesh<tp>, P...>;
template <class... P>
using c = constant<x<P...>>;
// Only the forward counts: 3/4 of 512 bytes to gather, twice that to reduce, whatever comes out.
static_assert(path<c<>, c<shard<0, tp>>>.bytes == 384 && path<x<replicate<tp>>, x<shard<0, tp>>>.bytes == 768);
static_assert(path<c<replicate<tp>>, c<shard<0, tp>>>.bytes == 384);
static_assert(path<c<>, c<partial<tp>>>.bytes == 768 && path<c<replicate<tp>>, c<partial<tp>>>.bytes == 768);
static_assert(path<frozen<partial<tp>>, frozen<>>.bytes == 0 &&
              path<frozen<shard<1, tp>>, frozen<replicate<tp>>>.bytes == 0);

// A frozen parameter has no gradient to reduce, and no update.
using weight = st::parameter<frozen<shard<0, dp>>, frozen<replicate<dp>>>;
static_assert(same<decltype(st::materialize(weight{})), frozen<replicate<dp>>>);
static_assert(same<decltype(st::reduce_gradient(weight{}, st::no_gradient{})), st::no_gradient>);
static_assert(same<decltype(st::update(weight::stored{}, st::no_gradient{})), weight::stored>);

/// From every placement to every other it is no dearer than with a gradient.
template <class From, class... P>
constexpr bool cheaper() {
    return (true && ... &&
            (path<frozen<P>, frozen<From>>.says.legal() &&
             path<frozen<P>, frozen<From>>.bytes <= path<real<P>, real<From>>.bytes));
}
template <class... P>
constexpr bool all_cheaper() {
    return (true && ... && cheaper<P, P...>());
}
static_assert(all_cheaper<shard<0, tp>, shard<1, tp>, replicate<tp>, partial<tp>, shard<0, dp>, shard<0, dp, tp>>());
