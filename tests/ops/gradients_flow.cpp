#include "gradients.hpp"

// Every redistribution, values and parameters with several users, and loops.

using namespace gradients;
namespace rules = st::rules;
using st::split;

namespace {

template <class... Layers>
using tested = model<12, Layers...>;

/// Row-parallel: takes a value that is sharded on its last dimension, gives a partial one.
using row_parallel = product<12, split::columns>;
/// Column-parallel: takes a replicated value, gives one sharded on its last dimension.
using column_parallel = product<24, split::rows>;
/// With a weight that is whole on every rank.
template <long Out>
using plain = product<Out, split::none>;

/// Attention whose inputs are sharded by sequence and whose heads are sharded by all_to_all in between.
template <long Dim, long Heads>
struct attention_by_all_to_all {
    static constexpr short read(st::graph& g, short x) {
        long const b = g.at(x).extent[0], s = g.at(x).extent[1];
        short const table = g.rotary_table(s, Dim / Heads, 10000);
        short const q = g.apply<rules::rotary>(head(g, x, b, s), table);
        short const k = g.apply<rules::rotary>(head(g, x, b, s), table);
        short const o = move<shard1>::read(g, g.apply<rules::attention>(q, k, head(g, x, b, s)));
        return plain<Dim>::read(g, g.reshape(o, b, s, Dim));
    }

  private:
    static constexpr short head(st::graph& g, short x, long b, long s) {
        return move<shard2>::read(g, g.reshape(plain<Dim>::read(g, x), b, s, Heads, Dim / Heads));
    }
};

/// x + y + y, y = Layers(x): gradients of one buffer with several holders.
template <class... Layers>
struct twice {
    static constexpr short read(st::graph& g, short x) {
        short const y = st::chain<Layers...>::read(g, x);
        return g.apply<rules::add>(g.apply<rules::add>(x, y), y);
    }
};
struct doubled {
    static constexpr short read(st::graph& g, short x) { return g.apply<rules::add>(x, x); }
};
/// First(x) + Second(x)
template <class First, class Second>
struct both {
    static constexpr short read(st::graph& g, short x) {
        short const y = First::read(g, x), z = Second::read(g, x);
        return g.apply<rules::add>(y, z);
    }
};
/// x + First(x) + Second(x): Second's backward adds to a gradient that First's has still to read.
template <class First, class Second>
struct joined {
    static constexpr short read(st::graph& g, short x) {
        short const y = First::read(g, x), z = Second::read(g, x);
        return g.apply<rules::add>(g.apply<rules::add>(x, y), z);
    }
};
/// One value as both operands.
struct self_gated {
    static constexpr short read(st::graph& g, short x) { return g.apply<rules::swiglu>(x, x); }
};
template <long Heads>
struct self_attention {
    static constexpr short read(st::graph& g, short x) {
        long const b = g.at(x).extent[0], s = g.at(x).extent[1], dim = g.at(x).extent[2];
        short const y = g.reshape(x, b, s, Heads, dim / Heads);
        return g.reshape(g.apply<rules::attention>(y, y, y), b, s, dim);
    }
};
/// x x' w, where x' is the same buffer seen as [dim, tokens].
struct square {
    static constexpr short read(st::graph& g, short x) {
        long const b = g.at(x).extent[0], s = g.at(x).extent[1], dim = g.at(x).extent[2];
        short const y = g.apply<rules::matmul>(g.reshape(x, b * s, dim), g.reshape(x, dim, b * s));
        short const w = move<replicate>::read(g, weight(g, split::none, b * s, dim));
        return g.reshape(g.apply<rules::matmul>(y, w), b, s, dim);
    }
};
/// One weight used twice: x w^T w^T.
struct shared_weight {
    static constexpr short read(st::graph& g, short x) {
        short const w = move<replicate>::read(g, weight(g, split::none, g.at(x).extent[2], g.at(x).extent[2]));
        return g.apply<rules::linear>(g.apply<rules::linear>(g.enter(x), w), w);
    }
};
/// One table as embedding and as output.
template <class... Layers>
struct tied {
    static constexpr short read(st::graph& g, short tokens) {
        short const w = weight(g, split::rows, probe::vocabulary, 12);
        short const x = st::chain<Layers...>::read(g, g.leave(g.apply<rules::embedding>(tokens, w)));
        return g.apply<rules::linear>(g.enter(x), w);
    }
};

}  // namespace

TEST_CASE("slice, all_gather, reduce_scatter, all_reduce") {
    using there = move<replicate, shard2>;
    check<tested<there, row_parallel, move<shard1>, norm_inside, move<invariant>>, ones, fsdp2_sp3, ddp3_tp2, tp3_fsdp2,
          tp4>();
    check<tested<there, row_parallel, move<replicate>, norm_inside, column_parallel, move<replicate>, plain<12>>,
          ddp3_tp2, tp4>();
    check<tested<move<replicate>, column_parallel, row_parallel, move<invariant>, st::rms_norm>, ddp3_tp2, tp3_fsdp2>();
    check<tested<move<shard2, invariant, shard2, replicate>, norm_inside>, ddp3_tp2, tp4>();
}

TEST_CASE("mask: replicate to partial, and back by every reduction") {
    check<tested<move<replicate, partial>, plain<24>, move<invariant>, st::rms_norm>, ddp3_tp2, tp4>();
    check<tested<move<replicate, partial>, plain<24>, move<replicate>, norm_inside>, ddp3_tp2, tp3_fsdp2>();
    check<tested<move<replicate, partial>, plain<24>, move<shard1>, norm_inside>, ddp3_tp2, sp4>();
}

TEST_CASE("all_to_all between every two dimensions, both ways") {
    check<tested<move<shard1, shard2>, row_parallel, move<replicate>, column_parallel, move<shard1>, norm_inside>, ones,
          fsdp2_sp3, ddp3_tp2, tp4>();
    check<tested<move<shard0, shard2>, row_parallel, move<replicate>, column_parallel, move<shard0>, norm_inside,
                 move<invariant>>,
          ddp3_tp2, tp3_fsdp2>();
    check<tested<move<shard0>, plain<24>, move<shard1>, norm_inside, move<shard0>, plain<12>, move<invariant>>,
          ddp3_tp2, tp3_fsdp2>();
    check<model<24, st::rms_norm, attention_by_all_to_all<24, 12>>, fsdp2_sp3, sp2_ddp3, sp4>();
}

TEST_CASE("a value with several users") {
    check<tested<doubled, st::rms_norm>, fsdp2_sp3, ddp3_tp2>();
    check<tested<twice<st::rms_norm>>, fsdp2_sp3, ddp3_tp2, ddp2_fsdp3>();
    check<tested<twice<st::rms_norm, st::swiglu<12>>>, fsdp2_sp3, ddp3_tp2>();
    check<tested<both<doubled, st::swiglu<12>>>, fsdp2_sp3, ddp3_tp2>();
    check<tested<joined<st::swiglu<12>, st::rms_norm>>, fsdp2_sp3, ddp3_tp2>();
    check<tested<st::residual<both<st::rms_norm, st::residual<st::swiglu<12>>>>>, fsdp2_sp3, ddp3_tp2, sp4>();
    check<tested<both<move<replicate, shard2, shard1>, move<shard1>>, norm_inside>, tp4, sp4, ddp3_tp2>();
}

TEST_CASE("one value as several operands of one operation") {
    check<tested<st::rms_norm, self_gated>, fsdp2_sp3, ddp3_tp2>();
    check<tested<st::residual<st::rms_norm, self_gated>>, fsdp2_sp3, ddp3_tp2>();
    check<model<24, st::rms_norm, move<replicate, shard2>, self_attention<12>, move<shard1>>, fsdp2_sp3, sp4>();
    check<tested<st::rms_norm, move<replicate>, square, move<shard1>>, tp4, sp4>();
}

TEST_CASE("a parameter with several users") {
    check<tested<shared_weight>, fsdp2_sp3, ddp3_tp2, ddp2_fsdp3, tp2_sp3>();
    check<st::chain<tied<st::rms_norm>, st::cross_entropy>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, ddp2_fsdp3, tp2_sp3>();
}

TEST_CASE("loops: the body no residual, the loop's input used twice or after it, nothing saved") {
    using body = st::chain<st::rms_norm, st::swiglu<12>>;
    check<tested<st::repeat<3, body>>, ones, fsdp2_sp3, ddp3_tp2, ddp2_fsdp3, sp4>();
    check<tested<st::repeat<1, body>>, fsdp2_sp3>();
    check<tested<st::repeat<3, both<st::rms_norm, body>>>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2>();
    check<tested<st::repeat<3, twice<body>>>, fsdp2_sp3, ddp3_tp2, ddp2_fsdp3>();
    check<tested<st::residual<st::repeat<2, st::residual<body>>>>, fsdp2_sp3, ddp3_tp2>();
    check<tested<st::residual<st::repeat<3, doubled>>, st::rms_norm>, fsdp2_sp3, ddp3_tp2>();
    check<model<24, st::repeat<2, st::rms_norm, st::attention<12, 6>>>, fsdp2_sp3, ddp3_tp2>();
    check<tested<st::repeat<1, st::residual<body>>, st::repeat<2, st::residual<body>>>, fsdp2_sp3, ddp3_tp2>();
    // loops one after the other hand on their values and gradients; two loops read one value
    check<tested<st::repeat<2, st::residual<st::rms_norm>>, st::repeat<3, st::residual<st::rms_norm>>>, fsdp2_sp3>();
    check<tested<both<st::repeat<2, st::residual<st::rms_norm>>, st::repeat<2, st::residual<body>>>>, fsdp2_sp3,
          ddp3_tp2>();
    check<tested<st::repeat<3, st::chain<>>, st::rms_norm>, fsdp2_sp3, ddp3_tp2>();
}
