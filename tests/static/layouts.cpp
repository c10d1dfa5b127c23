// Meshes, placements and tensors as types: local shapes, bytes, offsets, duals, canonical spelling.

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
using st::partial, st::replicate, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... P>
using real = st::tensor<float, Shape, grid, P...>;

// Meshes: row-major, the last axis is the fastest.
static_assert(grid::axes == 2 && grid::size == 8);
static_assert(grid::index_of<dp>() == 0 && grid::index_of<tp>() == 1);
static_assert(grid::coordinate(5, 0) == 1 && grid::coordinate(5, 1) == 1);
static_assert(grid::coordinate(3, 0) == 0 && grid::coordinate(3, 1) == 3);
static_assert(st::mesh<st::dp_shard<2>, st::tp<4>>::size == 8);

// Local shape and bytes: an axis that is not named is invariant and splits nothing.
using weight = st::tensor<st::bf16, shape<4096, 14336>, grid, shard<1, tp>>;
static_assert(weight::local_shape == shape<4096, 3584>{});
static_assert(weight::bytes == 117'440'512 && weight::local_bytes == 29'360'128);
static_assert(real<shape<8, 16>, shard<0, dp>, shard<1, tp>>::local_shape == shape<4, 4>{});
static_assert(real<shape<8, 16>, shard<0, dp, tp>>::local_shape == shape<1, 16>{});
static_assert(real<shape<8, 16>, replicate<dp>, partial<tp>>::local_shape == shape<8, 16>{});
static_assert(real<shape<8, 16>>::local_count == 128 && real<shape<8, 16>>::local_bytes == 512);
static_assert(real<shape<>>::local_count == 1);
static_assert(st::tensor<double, shape<4>, grid>::bytes == 32 && st::tensor<int, shape<4>, grid>::bytes == 16);

// Offsets: the first axis of a list is the major one. Rank r has coordinates dp = r / 4, tp = r % 4.
using dp_major = real<shape<8, 16>, shard<0, dp, tp>>;
using tp_major = real<shape<8, 16>, shard<0, tp, dp>>;
static_assert(dp_major::offset(1, 0) == 1 && dp_major::offset(4, 0) == 4 && dp_major::offset(6, 0) == 6);
static_assert(tp_major::offset(1, 0) == 2 && tp_major::offset(4, 0) == 1 && tp_major::offset(6, 0) == 5);
static_assert(dp_major::offset(6, 1) == 0);
static_assert(weight::offset(3, 1) == 3 * 3584 && weight::offset(7, 1) == 3 * 3584 && weight::offset(7, 0) == 0);
static_assert(!st::same<dp_major, tp_major>);

/// Do the parts of all ranks cover the dimension, each row as often as there are ranks that share it?
template <class X, int Dim>
constexpr bool covers() {
    long const rows = X::value.extent[Dim], part = X::value.local(Dim);
    for (long row = 0; row < rows; ++row) {
        long held = 0;
        for (int r = 0; r < X::mesh_type::size; ++r)
            held += row >= X::offset(r, Dim) && row < X::offset(r, Dim) + part ? 1 : 0;
        if (held * rows != X::mesh_type::size * part) return false;
    }
    return true;
}
static_assert(covers<dp_major, 0>() && covers<tp_major, 0>() && covers<dp_major, 1>());

// Duals: the gradient of replicate is partial and the other way round; shard and invariant are their own.
static_assert(st::dual(st::on_replicate) == st::on_partial && st::dual(st::on_partial) == st::on_replicate);
static_assert(st::dual(st::on_shard(1)) == st::on_shard(1) && st::dual(st::on_invariant) == st::on_invariant);
template <class X, class Gradient>
inline constexpr bool is_gradient = st::same<st::gradient_t<X>, Gradient>&& st::same<st::gradient_t<Gradient>, X>;
static_assert(is_gradient<real<shape<8>, replicate<dp, tp>>, real<shape<8>, partial<dp, tp>>>);
static_assert(is_gradient<real<shape<8>, shard<0, tp>, replicate<dp>>, real<shape<8>, shard<0, tp>, partial<dp>>>);
static_assert(is_gradient<real<shape<8>, replicate<dp>, partial<tp>>, real<shape<8>, replicate<tp>, partial<dp>>>);
static_assert(is_gradient<tp_major, tp_major> && is_gradient<real<shape<8>>, real<shape<8>>>);

// A layout value is spelled in one way: shards by dimension, each list major first, then replicate, then partial, those
// two in the mesh's order.
template <class X>
using respelled = st::tensor_of<typename X::element, grid, X>;
static_assert(st::same<respelled<tp_major>, tp_major> && st::same<respelled<dp_major>, dp_major>);
static_assert(
    st::same<respelled<real<shape<8, 8>, shard<0, tp>, shard<1, dp>>>, real<shape<8, 8>, shard<0, tp>, shard<1, dp>>>);
static_assert(st::same<respelled<real<shape<8>, replicate<dp, tp>>>, real<shape<8>, replicate<dp, tp>>>);
struct tp_rows_dp_columns {
    static constexpr st::layout value = real<shape<8, 8>, shard<0, tp>, shard<1, dp>>::value;
};
static_assert(st::same<st::tensor_of<float, grid, tp_rows_dp_columns>, real<shape<8, 8>, shard<0, tp>, shard<1, dp>>>);

// What is wrong with a layout by itself.
constexpr st::layout_fault fault(long rows, int dim) {
    st::layout x = real<shape<8, 8>>::value;
    x.extent[0] = rows;
    x.on[1] = st::on_shard(dim);
    return st::fault_of(x);
}
static_assert(fault(8, 0).what == st::code::ok && fault(6, 1).what == st::code::ok);
static_assert(fault(6, 0).what == st::code::not_divisible && fault(6, 0).axis == 1 && fault(6, 0).dim == 0);
static_assert(fault(8, 2).what == st::code::shard_dimension && fault(8, -1).what == st::code::shard_dimension);

// An axis of one device keeps its placement and splits nothing.
struct one final : st::axis<1> {};
using alone = st::tensor<float, shape<7>, st::mesh<one>, shard<0, one>>;
static_assert(alone::local_shape == shape<7>{} && !st::same<alone, st::tensor<float, shape<7>, st::mesh<one>>>);
static_assert(st::redistribution_bytes(alone::value, 0, st::on_invariant) == 0);
