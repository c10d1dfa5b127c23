// The gradient norm and the clip as types: sums of squares are partial on the axes that split the gradient.

#include <shardtype/rules/collectives.hpp>
#include <shardtype/rules/gradient_norm.hpp>

namespace st = shardtype;
using st::partial, st::replicate, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<3> {};
using grid = st::mesh<dp, tp>;
template <class... P>
using w = st::tensor<float, shape<12, 6>, grid, P...>;
template <class... P>
using squares = st::tensor<st::squared_norm, shape<>, grid, P...>;

template <class... Gradients>
using sum_of = decltype(st::square_sum(Gradients{}...));
static_assert(st::same<sum_of<w<>>, squares<>>);  // what every rank holds counts once
static_assert(st::same<sum_of<w<shard<0, tp>>>, squares<partial<tp>>>);
static_assert(st::same<sum_of<w<shard<0, tp, dp>>>, squares<partial<dp, tp>>>);
static_assert(st::same<sum_of<w<shard<0, tp>>, w<shard<1, tp>>>, squares<partial<tp>>>);  // one group

constexpr auto of_parts = st::all_reduce<tp, st::to_invariant>(st::square_sum(w<shard<0, tp>>{}, w<shard<1, tp>>{}));
constexpr auto norm = st::global_norm(of_parts, st::square_sum(w<>{}));
static_assert(st::same<decltype(norm), st::tensor<st::gradient_norm, shape<>, grid> const>);
static_assert(st::same<decltype(st::clip(w<shard<0, tp>>{}, norm)), w<shard<0, tp>>>);

// A failed operand is silent.
static_assert(st::same<sum_of<st::ill_typed>, st::ill_typed>);
static_assert(st::same<decltype(st::global_norm(of_parts, st::ill_typed{})), st::ill_typed>);
static_assert(st::same<decltype(st::clip(st::ill_typed{}, norm)), st::ill_typed>);
