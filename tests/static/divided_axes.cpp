// An axis divided into a major and a minor part: what is said of it is said of both.

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
using st::invariant, st::major, st::minor, st::partial, st::replicate, st::same, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<8> {};
using outer = major<tp, 2>;
using inner = minor<tp, 2>;
using whole = st::mesh<dp, tp>;
using divided = st::mesh<dp, outer, inner>;
template <class... P>
using real = st::tensor<float, shape<16, 64>, divided, P...>;
template <class... P>
using spelled = st::spell<float, shape<16, 64>, divided, P...>;

static_assert(outer::size == 2 && inner::size == 4 && divided::size == whole::size);
static_assert(divided::divided && !whole::divided);
constexpr bool equal(char const* a, char const* b) {
    for (; *a != 0 && *a == *b; ++a) ++b;
    return *a == *b;
}
static_assert(equal(st::axis_name<outer>(), "tp_major") && equal(st::axis_name<inner>(), "tp_minor"));
static_assert(equal(st::axis_name<minor<outer, 1>>(), "tp_major_minor") && equal(st::axis_name<tp>(), "tp"));
static_assert(equal(st::axis_name<major<st::dp_shard<8>, 2>>(), "dp_shard_major"));

// S(d, tp) is S(d, major, minor): the short spelling is another type, so it is an error; `spell` gives the one.
static_assert(same<spelled<shard<0, tp>>, real<shard<0, outer, inner>>>);
static_assert(same<spelled<shard<1, dp, tp>>, real<shard<1, dp, outer, inner>>>);
static_assert(same<spelled<shard<0, tp>, replicate<dp>>, real<shard<0, outer, inner>, replicate<dp>>>);
static_assert(same<spelled<partial<tp>>, real<partial<outer, inner>>>);
static_assert(!st::valid<real<shard<0, tp>>> && !st::valid<real<replicate<tp>>> && st::valid<spelled<shard<0, tp>>>);
static_assert(!st::valid<spelled<shard<0, major<tp, 4>>>> && !st::valid<spelled<shard<0, tp>, partial<outer>>>);

/// The same elements on every rank as on the mesh that has tp whole.
template <int Dim, class Short, class Long>
constexpr bool as_undivided() {
    for (int r = 0; r < whole::size; ++r)
        if (Short::offset(r, Dim) != Long::offset(r, Dim) || Short::real(r, Dim) != Long::real(r, Dim)) return false;
    return Short::local_count == Long::local_count;
}
template <class... P>
using on_whole = st::tensor<float, shape<16, 64>, whole, P...>;
static_assert(as_undivided<0, on_whole<shard<0, tp>>, spelled<shard<0, tp>>>());
static_assert(as_undivided<1, on_whole<shard<1, dp, tp>>, spelled<shard<1, dp, tp>>>());
static_assert(as_undivided<1, on_whole<shard<1, tp, dp>>, spelled<shard<1, tp, dp>>>());

// Divided twice: tp = (a, (b, c)).
using deep = st::mesh<outer, major<inner, 2>, minor<inner, 2>>;
static_assert(same<st::spell<float, shape<16>, deep, shard<0, tp>>,
                   st::tensor<float, shape<16>, deep, shard<0, outer, major<inner, 2>, minor<inner, 2>>>>);

// The parts stand side by side, in order, of one division, and without the axis; parts of parts, too [ST-M005].
template <class... Axes>
inline constexpr bool is_mesh = st::valid<st::tensor<float, shape<16>, st::mesh<Axes...>>>;
static_assert(is_mesh<dp, outer, inner> && is_mesh<outer, inner, dp> &&
              is_mesh<outer, major<inner, 2>, minor<inner, 2>>);
static_assert(is_mesh<major<outer, 2>, minor<outer, 2>, major<inner, 2>, minor<inner, 2>>);
static_assert(is_mesh<major<dp, 2>, minor<dp, 2>, outer, inner> && is_mesh<major<tp, 8>, minor<tp, 8>>);
static_assert(!is_mesh<dp, inner, outer> && !is_mesh<inner, dp, outer> && !is_mesh<outer, dp, inner>);
static_assert(!is_mesh<tp, outer, inner> && !is_mesh<outer, inner, tp> && !is_mesh<outer, inner, inner>);
static_assert(!is_mesh<outer> && !is_mesh<inner, dp> && !is_mesh<outer, minor<tp, 4>>);
static_assert(!is_mesh<outer, inner, major<tp, 4>, minor<tp, 4>> && !is_mesh<outer, minor<inner, 2>, major<inner, 2>>);
static_assert(!is_mesh<major<outer, 2>, inner, minor<outer, 2>> && !is_mesh<outer, major<inner, 2>>);
static_assert(!is_mesh<int> && !is_mesh<dp, major<int, 2>, minor<int, 2>> && !is_mesh<major<tp, 3>, minor<tp, 3>>);

// Redistributions and collectives over tp act on both parts, and cost what they cost over tp.
template <class X, class... P>
using redistributed = decltype(st::redistribute<P...>(X{}));
using rows = real<shard<0, outer, inner>>;
static_assert(same<redistributed<real<>, shard<0, tp>>, rows> && same<redistributed<rows, invariant<tp>>, real<>>);
static_assert(same<redistributed<rows, shard<1, tp>>, real<shard<1, outer, inner>>>);
static_assert(same<decltype(st::all_gather<tp, st::to_replicate>(rows{})), real<replicate<outer, inner>>>);
static_assert(same<decltype(st::all_gather<inner, st::to_replicate>(rows{})), real<shard<0, outer>, replicate<inner>>>);
using sums = real<partial<outer, inner>>;
static_assert(same<decltype(st::all_reduce<tp, st::to_invariant>(sums{})), real<>>);
static_assert(same<decltype(st::reduce_scatter<tp, 0>(sums{})), rows>);
static_assert(same<decltype(st::all_to_all<tp, 1>(rows{})), real<shard<1, outer, inner>>>);
using alone = st::mesh<tp>;
using parted = st::mesh<outer, inner>;
template <class Mesh, class... P>
using on = st::spell<float, shape<16, 64>, Mesh, P...>;
template <class Mesh, class From, class To>
inline constexpr double cost = st::redistribution_path<on<Mesh, From>, on<Mesh, To>>.bytes;
static_assert(cost<alone, partial<tp>, shard<0, tp>> == cost<parted, partial<tp>, shard<0, tp>>);
static_assert(cost<alone, shard<0, tp>, replicate<tp>> == cost<parted, shard<0, tp>, replicate<tp>>);

// HSDP: rows stored in shards on one axis, whole replicas on the other: torchtitan's two axes, or one axis divided.
template <class Mesh, class Replicas, class Shards>
struct hsdp {
    template <class... P>
    using weight = st::spell<float, shape<64, 16>, Mesh, P...>;
    using parameter = st::parameter<weight<shard<0, Shards>>, weight<replicate<Replicas>, replicate<Shards>>>;
    using gradient = decltype(st::reduce_gradient(parameter{}, weight<partial<Replicas>, partial<Shards>>{}));
    static_assert(same<gradient, typename parameter::stored>);
    static_assert(same<decltype(st::update(typename parameter::stored{}, gradient{})), typename parameter::stored>);
    // (s-1)/s G to scatter and 2(r-1)/r G/s to reduce, after (s-1)/s G to gather.
    static constexpr double bytes = st::redistribution_path<typename parameter::stored, typename parameter::used>.bytes;
    static constexpr double g = weight<>::bytes, s = Shards::size, r = Replicas::size;
    static_assert(bytes == 2 * (s - 1) / s * g + 2 * (r - 1) / r * g / s);
};
using two = hsdp<st::mesh<st::dp_replicate<2>, st::dp_shard<4>>, st::dp_replicate<2>, st::dp_shard<4>>;
struct fsdp_gpus final : st::axis<8> {};
using one = hsdp<st::mesh<major<fsdp_gpus, 2>, minor<fsdp_gpus, 2>>, major<fsdp_gpus, 2>, minor<fsdp_gpus, 2>>;
static_assert(two::bytes == one::bytes && one::parameter::stored::local_count == two::parameter::stored::local_count);
