// Uneven parts, asked for by name: padded_shard.

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
using st::invariant, st::padded_shard, st::partial, st::replicate, st::same, st::shape, st::shard, st::valid;

struct dp final : st::axis<4> {};
struct tp final : st::axis<2> {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... P>
using real = st::tensor<float, Shape, grid, P...>;
template <class... P>
using ten = real<shape<10, 3>, P...>;  // 3 + 3 + 3 + 1 rows
using rows = ten<padded_shard<0, dp>>;

static_assert(valid<rows> && !valid<ten<shard<0, dp>>>);
static_assert(rows::local_shape == shape<3, 3>{} && rows::local_count == 9 && rows::local_bytes == 36 &&
              rows::bytes == 120);
template <class X, int Dim>
constexpr bool holds(int rank, long offset, long real) {
    return X::offset(rank, Dim) == offset && X::real(rank, Dim) == real;
}
static_assert(holds<rows, 0>(0, 0, 3) && holds<rows, 0>(3, 3, 3) && holds<rows, 0>(5, 6, 3) && holds<rows, 0>(6, 9, 1));
static_assert(holds<rows, 1>(6, 0, 3));
// Fewer elements than ranks: the last ones hold none.
using five = real<shape<5>, padded_shard<0, dp>>;
static_assert(five::local_shape == shape<2>{} && holds<five, 0>(4, 4, 1) && holds<five, 0>(6, 5, 0));
using one = real<shape<1>, padded_shard<0, dp>>;
static_assert(one::local_shape == shape<1>{} && holds<one, 0>(0, 0, 1) && holds<one, 0>(2, 1, 0) &&
              holds<one, 0>(6, 1, 0));
// Over two axes the major one divides evenly: 5 rows for each rank of tp, of which dp has 2, 2, 1, 0.
using both = ten<padded_shard<0, tp, dp>>;
static_assert(both::local_shape == shape<2, 3>{} && valid<both>);
static_assert(holds<both, 0>(4, 4, 1) && holds<both, 0>(5, 9, 1) && holds<both, 0>(6, 5, 0) &&
              holds<both, 0>(7, 10, 0));
static_assert(!valid<real<shape<9>, padded_shard<0, tp, dp>>>);  // 9 rows over tp: T201

// One layout has one spelling: even parts are a shard, and padding cannot be split further.
static_assert(!valid<real<shape<12>, padded_shard<0, dp>>> && valid<real<shape<12>, shard<0, dp>>>);
static_assert(same<st::spell<float, shape<12>, grid, padded_shard<0, dp>>, real<shape<12>, shard<0, dp>>>);
static_assert(same<st::spell<float, shape<10>, grid, padded_shard<0, dp>>, real<shape<10>, padded_shard<0, dp>>>);
static_assert(!valid<ten<padded_shard<0, dp>, shard<0, tp>>> && !valid<ten<shard<0, tp>, padded_shard<0, dp>>>);
static_assert(!valid<ten<padded_shard<2, dp>>> && !valid<ten<padded_shard<0>>>);
static_assert(valid<ten<padded_shard<0, dp>, padded_shard<1, tp>>> && valid<ten<padded_shard<1, dp>, partial<tp>>>);
static_assert(same<st::gradient_t<rows>, rows>);
static_assert(same<st::gradient_t<ten<padded_shard<1, dp>, replicate<tp>>>, ten<padded_shard<1, dp>, partial<tp>>>);

// Redistributions know of it. 36 bytes a rank are sent, 27 times 4 of 120 ones are real.
template <class X, class... P>
using redistributed = decltype(st::redistribute<P...>(X{}));
template <class From, class To>
inline constexpr st::conversion path = st::redistribution_path<From, To>;
static_assert(same<redistributed<rows, replicate<dp>>, ten<replicate<dp>>> &&
              same<redistributed<rows, invariant<dp>>, ten<>>);
static_assert(same<redistributed<ten<partial<dp>>, padded_shard<0, dp>>, rows>);
static_assert(same<redistributed<ten<>, padded_shard<0, dp>>, rows>);
static_assert(same<redistributed<real<shape<12>>, padded_shard<0, dp>>, real<shape<12>, shard<0, dp>>>);
static_assert(same<decltype(st::all_gather<dp, st::to_replicate>(rows{})), ten<replicate<dp>>>);
static_assert(path<rows, ten<replicate<dp>>>.bytes == 2 * 3 * 36 && path<rows, ten<>>.bytes == 3 * 36);
static_assert(path<ten<partial<dp>>, rows>.bytes == 2 * 3 * 36 && path<ten<replicate<dp>>, rows>.bytes == 0);
static_assert(path<rows, ten<replicate<dp>>>.hops == 1 && path<ten<partial<dp>>, rows>.path[0].to.padded);
static_assert(redistribution_bytes(rows::value, 0, st::on_replicate) == 2 * 3 * 36);
static_assert(redistribution_bytes(ten<partial<dp>>::value, 0, st::on_padded_shard(0)) == 2 * 3 * 36);
// From a padded dimension to another one: gathered in between, never an all_to_all.
static_assert(path<rows, ten<padded_shard<1, dp>>>.hops == 2 && path<rows, ten<padded_shard<1, dp>>>.says.legal());
static_assert(redistribute(rows::value, 0, st::on_padded_shard(1)).says.what == st::code::padded_operand);
static_assert(redistribute(rows::value, 1, st::on_shard(0)).says.what == st::code::not_divisible);

/// Every one-axis placement to every other, there and back.
template <class... X>
constexpr bool all_reach() {
    st::layout const all[] = {X::value...};
    for (auto const& from : all)
        for (auto const& to : all) {
            auto const there = convert(from, to);
            auto now = from;
            for (int h = 0; h < there.hops; ++h) {
                auto const hop = redistribute(now, there.path[h].axis, there.path[h].to);
                if (!hop.says.legal() || hop.by != there.path[h].by) return false;
                now = hop.result;
            }
            if (!there.says.legal() || !there.exact || !(now == to)) return false;
            auto back = dual(now);
            for (int h = there.hops - 1; h >= 0; --h) {
                auto const hop = redistribute(back, there.path[h].axis, dual(there.path[h].from), true);
                if (!hop.says.legal()) return false;
                back = hop.result;
            }
            if (!(back == dual(from))) return false;
        }
    return true;
}
static_assert(all_reach<rows, both, ten<>, ten<replicate<dp>>, ten<partial<dp>>, ten<shard<0, tp>, partial<dp>>,
                        ten<padded_shard<1, dp>>, ten<padded_shard<0, dp>, padded_shard<1, tp>>,
                        ten<padded_shard<1, tp>, partial<dp>>, ten<shard<0, tp>, padded_shard<1, dp>>>());

// FSDP of rows that do not divide, alone and inside tensor parallelism.
using stored = st::parameter<rows, ten<replicate<dp>>>;
static_assert(same<decltype(st::reduce_gradient(stored{}, ten<partial<dp>>{})), rows>);
static_assert(same<decltype(st::update(rows{}, rows{})), rows>);
using inside = st::parameter<both, ten<shard<0, tp>, replicate<dp>>>;
static_assert(same<decltype(st::reduce_gradient(inside{}, ten<shard<0, tp>, partial<dp>>{})), both>);
