// Conversions between layouts; parameters that are stored in one way and used in another; reshape; updates.

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
using st::code, st::invariant, st::partial, st::replicate, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... P>
using real = st::tensor<float, Shape, grid, P...>;
template <class... P>
using w = real<shape<64, 32>, P...>;

// A conversion is a path of one-axis steps.
template <class From, class To, int Hops>
constexpr bool converts() {
    constexpr auto path = st::convert(From::value, To::value);
    return path.says.legal() && path.hops == Hops;
}
static_assert(converts<w<shard<0, tp, dp>>, w<shard<0, tp>, replicate<dp>>, 1>());  // FSDP over a tensor-parallel shard
static_assert(converts<w<shard<0, tp, dp>>, w<>, 2>());                             // gathers dp, the minor one, first
static_assert(converts<w<shard<0, dp>>, w<replicate<dp, tp>>, 2>());  // HSDP's shape: gather one, use the other
static_assert(converts<w<>, w<shard<0, tp, dp>>, 2>());               // slices the major axis first
static_assert(converts<w<partial<dp, tp>>, w<shard<0, tp, dp>>, 2>());
static_assert(converts<w<shard<0, tp>>, w<shard<1, tp>>, 1>() && converts<w<>, w<>, 0>());
// What no single row does: the major axis of a list, a list in another order, replicate to invariant.
static_assert(st::redistribution_path<w<shard<0, dp, tp>>, w<shard<0, tp>, replicate<dp>>>.hops > 1);
static_assert(st::redistribution_path<w<shard<0, dp, tp>>, w<shard<0, tp, dp>>>.hops > 1);
static_assert(converts<w<replicate<dp>>, w<>, 2>());  // a slice and an all_gather
constexpr auto gathers_minor_first = st::convert(w<shard<0, tp, dp>>::value, w<>::value);
static_assert(gathers_minor_first.path[0].axis == 0 && gathers_minor_first.path[1].axis == 1);

// redistribute changes the axes that it names; the others stay.
static_assert(st::same<decltype(st::redistribute<shard<1, tp>>(w<shard<0, dp>>{})), w<shard<0, dp>, shard<1, tp>>>);
static_assert(st::same<decltype(st::redistribute<replicate<tp, dp>>(w<shard<0, tp, dp>>{})), w<replicate<dp, tp>>>);
static_assert(st::same<decltype(st::redistribute<shard<0, tp, dp>>(w<>{})), w<shard<0, tp, dp>>>);
static_assert(st::same<decltype(st::redistribute<shard<0, tp>, replicate<dp>>(w<>{})), w<shard<0, tp>, replicate<dp>>>);
static_assert(st::same<decltype(st::redistribute<invariant<tp>>(w<partial<tp>>{})), w<>>);
static_assert(
    st::same<decltype(st::all_reduce<tp, st::to_replicate>(w<partial<dp, tp>>{})), w<replicate<tp>, partial<dp>>>);
static_assert(st::same<decltype(st::all_gather<dp, st::to_invariant>(w<shard<0, tp, dp>>{})), w<shard<0, tp>>>);
static_assert(st::same<decltype(st::reduce_scatter<dp, 0>(w<shard<0, tp>, partial<dp>>{})), w<shard<0, tp, dp>>>);
static_assert(st::same<decltype(st::all_to_all<tp, 1>(w<shard<0, tp>>{})), w<shard<1, tp>>>);

/// Materializing gives the used type, and the used copy's gradient comes back as the stored one's.
template <class Stored, class Used>
constexpr bool round_trip() {
    using p = st::parameter<Stored, Used>;
    return st::same<decltype(st::materialize(p{})), Used> &&
           st::same<decltype(st::reduce_gradient(p{}, st::gradient_t<Used>{})), st::gradient_t<Stored>> &&
           st::same<decltype(st::update(Stored{}, st::reduce_gradient(p{}, st::gradient_t<Used>{}))), Stored>;
}
static_assert(round_trip<w<>, w<replicate<dp>>>());                                // DDP
static_assert(round_trip<w<shard<0, dp>>, w<replicate<dp>>>());                    // FSDP
static_assert(round_trip<w<shard<0, tp, dp>>, w<shard<0, tp>, replicate<dp>>>());  // FSDP and tensor parallel
static_assert(round_trip<w<shard<0, tp>>, w<shard<0, tp>, replicate<dp>>>());      // DDP and tensor parallel
static_assert(round_trip<w<shard<0, dp>>, w<replicate<dp, tp>>>());  // HSDP: scattered over dp, reduced over tp
static_assert(st::same<st::gradient_t<w<replicate<dp, tp>>>, w<partial<dp, tp>>>);
// The used copy may be of another type: a float master, used as bf16.
static_assert(round_trip<w<shard<0, dp>>, st::tensor<st::bf16, shape<64, 32>, grid, replicate<dp>>>());

// Reshape keeps a shard on the outermost dimension of its group.
template <class Shape, class X>
using as = decltype(st::reshape<Shape>(X{}));
static_assert(st::same<as<shape<128, 32>, real<shape<8, 16, 32>, shard<0, dp>>>, real<shape<128, 32>, shard<0, dp>>>);
static_assert(
    st::same<as<shape<8, 16, 4, 8>, real<shape<8, 16, 32>, shard<2, tp>>>, real<shape<8, 16, 4, 8>, shard<2, tp>>>);
static_assert(
    st::same<as<shape<8, 16, 32>, real<shape<8, 16, 4, 8>, shard<2, tp>>>, real<shape<8, 16, 32>, shard<2, tp>>>);
static_assert(st::same<as<shape<16, 32>, real<shape<1, 16, 32>, shard<1, tp>>>, real<shape<16, 32>, shard<0, tp>>>);
static_assert(st::same<as<shape<128, 32>, real<shape<8, 16, 32>, partial<tp>>>, real<shape<128, 32>, partial<tp>>>);

// A failed operation's result silences what takes it; `can` asks without an error.
static_assert(st::same<decltype(st::op::rms_norm(st::ill_typed{}, w<>{})), st::ill_typed>);
static_assert(st::same<decltype(st::reshape<shape<1>>(st::ill_typed{})), st::ill_typed>);
static_assert(st::same<decltype(st::all_reduce<tp, st::to_invariant>(st::ill_typed{})), st::ill_typed>);
static_assert(st::can<st::rules::rms_norm, real<shape<8, 16, 32>>, real<shape<32>>>);
static_assert(!st::can<st::rules::rms_norm, real<shape<8, 16, 32>, partial<tp>>, real<shape<32>>>);
