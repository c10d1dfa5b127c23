// valid<X>: whether a tensor type compiles, asked without compiling it.

#include <shardtype/rules/parameter.hpp>
#include <shardtype/tensor/valid.hpp>

namespace st = shardtype;
using st::partial, st::replicate, st::shape, st::shard, st::valid;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
struct pp final : st::axis<2> {};
struct none final : st::axis<0> {};
struct no_axis {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... P>
using real = st::tensor<float, Shape, grid, P...>;
template <class Mesh>
using on = st::tensor<float, shape<8, 4>, Mesh>;

static_assert(valid<real<shape<8, 4>>> && valid<real<shape<>>> && valid<st::tensor<int, shape<3>, grid>>);
static_assert(valid<real<shape<8, 4>, shard<0, dp, tp>>> && valid<real<shape<8, 4>, replicate<dp>, partial<tp>>>);
static_assert(valid<st::constant<real<shape<8, 4>>>>);

// What is no tensor at all.
static_assert(!valid<int> && !valid<void> && !valid<int*> && !valid<st::no_gradient>);
static_assert(valid<st::ill_typed>);  // what was refused is not refused again
static_assert(!valid<shape<8>> && !valid<grid> && !valid<st::constant<int>>);
static_assert(!valid<st::tensor<float, int, grid>> && !valid<st::tensor<float, shape<8>, int>>);
// T202: elements, dimensions, what is no placement
static_assert(!valid<st::tensor<char, shape<8>, grid>> && !valid<st::tensor<float const, shape<8>, grid>>);
static_assert(!valid<real<shape<1, 1, 1, 1, 1>>> && valid<real<shape<1, 1, 1, 1>>>);
static_assert(!valid<real<shape<8>, int>> && !valid<real<shape<8>, st::invariant<dp>>>);
static_assert(!valid<st::constant<st::constant<real<shape<8>>>>> &&
              !valid<st::constant<st::tensor<int, shape<8>, grid>>>);
// T203
static_assert(!valid<real<shape<0>>> && !valid<real<shape<8, -4>>>);
// M001 to M004
static_assert(!valid<on<st::mesh<dp, dp>>> && !valid<on<st::mesh<dp, none>>> && !valid<on<st::mesh<dp, no_axis>>>);
static_assert(!valid<on<st::mesh<dp, int>>> && valid<on<st::mesh<>>> && valid<on<st::mesh<dp, pp>>>);
static_assert(!valid<real<shape<8>, shard<0, pp>>> && !valid<real<shape<8>, replicate<pp>>>);
static_assert(!valid<on<st::mesh<st::major<tp, 3>>>> && !valid<on<st::mesh<st::minor<tp, 0>>>>);
static_assert(!valid<on<st::mesh<st::minor<st::major<tp, 3>, 1>>>> && !valid<on<st::mesh<st::major<int, 1>>>>);
// P101
static_assert(!valid<real<shape<8, 4>, shard<1, tp>, shard<0, dp>>>);
static_assert(!valid<real<shape<8, 4>, replicate<dp>, shard<0, tp>>>);
static_assert(!valid<real<shape<8, 4>, shard<0, dp>, shard<0, tp>>>);
static_assert(!valid<real<shape<8, 4>, replicate<dp>, replicate<tp>>>);
static_assert(!valid<real<shape<8, 4>, replicate<tp, dp>>> && valid<real<shape<8, 4>, replicate<dp, tp>>>);
static_assert(!valid<real<shape<8, 4>, partial<tp, dp>>> && valid<real<shape<8, 4>, shard<0, tp, dp>>>);
static_assert(!valid<real<shape<8, 4>, shard<0>>> && !valid<real<shape<8, 4>, replicate<>>>);
// P102, P103, T201
static_assert(!valid<real<shape<8, 4>, shard<0, dp>, partial<dp>>> && !valid<real<shape<8, 4>, replicate<tp, tp>>>);
static_assert(!valid<real<shape<8, 4>, shard<2, dp>>> && !valid<real<shape<8, 4>, shard<-1, dp>>>);
static_assert(!valid<real<shape<9, 4>, shard<0, dp>>> && !valid<real<shape<4>, shard<0, dp, tp>>>);

// spell: any order and grouping of placements gives the one type of the layout; other faults stay.
template <class... P>
using spelled = st::spell<float, shape<8, 4>, grid, P...>;
static_assert(st::same<spelled<>, real<shape<8, 4>>>);
static_assert(st::same<spelled<partial<dp>, shard<1, tp>>, real<shape<8, 4>, shard<1, tp>, partial<dp>>>);
static_assert(st::same<spelled<replicate<tp>, replicate<dp>>, real<shape<8, 4>, replicate<dp, tp>>>);
static_assert(st::same<spelled<shard<0, tp>, shard<0, dp>>, real<shape<8, 4>, shard<0, tp, dp>>>);
static_assert(st::same<spelled<shard<0>, partial<>>, real<shape<8, 4>>>);
static_assert(!valid<spelled<shard<2, dp>>> && !valid<spelled<shard<0, dp>, shard<1, dp>>> && !valid<spelled<int>>);
static_assert(!valid<spelled<shard<0, pp>>> && !valid<st::spell<float, shape<9, 4>, grid, partial<tp>, shard<0, dp>>>);
