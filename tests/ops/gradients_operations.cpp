#include "gradients.hpp"

// Every operation of rules/operations.hpp, under every strategy.

using namespace gradients;
namespace rules = st::rules;
using st::split;

namespace {

/// Column-parallel, then row-parallel.
template <long Width>
struct linear_pair {
    static constexpr short read(st::graph& g, short x) {
        long const dim = g.at(x).extent[2];
        short const y = product<Width, split::rows>::read(g, g.enter(x));
        return g.leave(g.apply<rules::linear>(y, weight(g, split::columns, dim, Width)));
    }
};

/// The same by `matmul`, whose weights are [in, out], on tokens merged into one dimension.
template <long Width>
struct matmul_pair {
    static constexpr short read(st::graph& g, short x) {
        long const b = g.at(x).extent[0], s = g.at(x).extent[1], dim = g.at(x).extent[2];
        short const rows = g.reshape(g.enter(x), b * s, dim);
        short const y = g.apply<rules::matmul>(rows, weight(g, split::columns, dim, Width));
        short const z = g.apply<rules::matmul>(y, weight(g, split::rows, Width, dim));
        return g.leave(g.reshape(z, b, s, dim));
    }
};

/// Rotary alone, on heads that are sharded inside.
template <long Heads>
struct rotary {
    static constexpr short read(st::graph& g, short x) {
        long const b = g.at(x).extent[0], s = g.at(x).extent[1], dim = g.at(x).extent[2];
        x = move<shard2>::read(g, g.enter(x));
        x = g.reshape(x, b, s, Heads, dim / Heads);
        short const y = g.apply<rules::rotary>(x, g.rotary_table(s, dim / Heads, 10000));
        return g.leave(g.reshape(y, b, s, dim));
    }
};

/// An embedding whose table is whole (then the tokens' rows may be sliced), or sharded by columns.
template <long Dim, split By>
struct embedding {
    static constexpr short read(st::graph& g, short tokens) {
        return g.leave(g.apply<rules::embedding>(tokens, weight(g, By, probe::vocabulary, Dim)));
    }
};

/// The loss of logits that are sharded by sequence: the targets are sliced alike.
struct loss_by_sequence {
    static constexpr short read(st::graph& g, short x) {
        x = plain_logits::read(g, move<replicate, shard1>::read(g, x));
        return g.loss = g.apply<rules::cross_entropy>(x, move<shard1>::read(g, g.targets));
    }

  private:
    using plain_logits = product<probe::vocabulary, split::none>;
};

template <class... Layers>
using from_tokens = st::chain<Layers..., st::linear<probe::vocabulary>, st::cross_entropy>;

}  // namespace

TEST_CASE("linear, column- and row-parallel") {
    check<model<12, linear_pair<24>>, ones, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, sp2_ddp3, ddp2_fsdp3, sp4, tp4, tp2_sp3>();
}

TEST_CASE("matmul, column- and row-parallel") {
    check<model<12, matmul_pair<24>>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, ddp2_fsdp3, tp2_sp3>();
}

TEST_CASE("embedding: the vocabulary whole, split by columns, and by rows") {
    check<from_tokens<embedding<12, split::none>>, fsdp2_sp3, ddp3_tp2, ddp2_fsdp3, tp2_sp3>();
    check<from_tokens<embedding<12, split::columns>>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2>();
    check<from_tokens<embedding<12, split::rows>>, fsdp2_sp3, ddp3_tp2, sp4, tp2_sp3>();
}

TEST_CASE("rms_norm") {
    check<model<12, st::rms_norm>, fsdp2_sp3, ddp3_tp2, sp2_ddp3, ddp2_fsdp3, tp2_sp3>();
    check<model<12, move<replicate>, norm_inside, move<shard1, invariant>>, ddp3_tp2, tp4>();
}

TEST_CASE("rotary") { check<model<48, rotary<12>>, fsdp2_sp3, ddp3_tp2, tp4, ddp2_fsdp3>(); }

TEST_CASE("attention, as many kv heads as heads and fewer") {
    // The norm makes scores of order one: of a flat softmax the gradients of queries and keys would be rounding.
    check<model<48, st::rms_norm, st::attention<12>>, fsdp2_sp3, ddp3_tp2, sp4, ddp2_fsdp3>();
    check<model<48, st::rms_norm, st::attention<12, 6>>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, tp2_sp3>();
    check<model<48, st::rms_norm, st::attention<12, 4>>, sp4>();
}

TEST_CASE("swiglu") { check<model<12, st::swiglu<24>>, fsdp2_sp3, ddp3_tp2, sp4, ddp2_fsdp3, tp2_sp3>(); }

TEST_CASE("cross_entropy, the vocabulary whole and sharded, the tokens sharded by sequence") {
    using whole = st::chain<st::embedding<probe::vocabulary, 12>, st::linear<probe::vocabulary>, move<invariant>,
                            st::cross_entropy>;
    check<whole, fsdp2_sp3, ddp3_tp2, sp4>();
    check<model<12>, fsdp2_sp3, ddp3_tp2, sp4, tp4, tp2_sp3>();
    check<st::chain<st::embedding<probe::vocabulary, 12>, loss_by_sequence>, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, tp4>();
}
