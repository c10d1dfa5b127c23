// A mesh of ranks and a weight laid out on it: which part of the weight each rank holds. Types only, nothing is
// allocated or sent.

#include <cstdio>

#include <shardtype/shardtype.hpp>

namespace st = shardtype;

//! [mesh]
struct dp final : st::axis<2> {};  // an axis is a type of your own; the compiler prints its name
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;  // 2 x 4 ranks, numbered row by row: the last axis is the fastest

static_assert(grid::size == 8);
static_assert(grid::coordinate(6, 0) == 1);  // rank 6 = 1 * 4 + 2: at 1 along dp,
static_assert(grid::coordinate(6, 1) == 2);  // at 2 along tp
//! [mesh]

//! [tensor]
// 1024 x 4096 floats: the columns (dimension 1) are split over tp, along dp everything is there twice.
using weight = st::tensor<float, st::shape<1024, 4096>, grid, st::shard<1, tp>>;

static_assert(weight::local_shape == st::shape<1024, 1024>{});
static_assert(weight::bytes == 16 << 20);
static_assert(weight::local_bytes == 4 << 20);
static_assert(weight::offset(6, 1) == 2048);  // rank 6 holds the columns from 2048 on
//! [tensor]

//! [two_axes]
// Rows split over tp, and each of the four parts once more over dp: the axis named last is the minor one.
using stored = st::tensor<float, st::shape<1024, 4096>, grid, st::shard<0, tp, dp>>;

static_assert(stored::local_shape == st::shape<128, 4096>{});
static_assert(stored::offset(6, 0) == 2 * 256 + 1 * 128);
//! [two_axes]

template <class Tensor>
void print(char const* name) {
    constexpr st::layout local = Tensor::value;  // the type once more, as a value
    std::printf("%s: %ld x %ld of %ld x %ld, %ld KiB of %ld KiB\n", name, local.local(0), local.local(1),
                local.extent[0], local.extent[1], Tensor::local_bytes >> 10, Tensor::bytes >> 10);
    for (int rank = 0; rank < grid::size; ++rank)
        std::printf("  rank %d = (%s %d, %s %d): rows from %ld, columns from %ld\n", rank,  //
                    st::axis_name<dp>(), grid::coordinate(rank, 0), st::axis_name<tp>(), grid::coordinate(rank, 1),
                    Tensor::offset(rank, 0), Tensor::offset(rank, 1));
}

int main() {
    print<weight>("weight");
    print<stored>("stored");
}
