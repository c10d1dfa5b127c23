#include "gradients.hpp"

// The operations that a GPT-2 has beside a Llama's, and its layers.

using namespace gradients;
namespace rules = st::rules;
using st::split;

namespace {

/// Column-parallel with a bias on the shards, row-parallel with a bias behind the reduction.
template <long Width>
struct biased_pair {
    static constexpr short read(st::graph& g, short x) {
        long const dim = g.at(x).extent[2];
        short const y = g.apply<rules::linear>(g.enter(x), weight(g, split::rows, Width, dim));
        short const z = g.apply<rules::bias>(y, weight(g, split::rows, Width));
        short const out = g.leave(g.apply<rules::linear>(z, weight(g, split::columns, dim, Width)));
        return g.apply<rules::bias>(out, weight(g, split::none, dim));
    }
};

/// A bias that is a summand on each rank, as the product that it is added to.
template <long Width>
struct partial_bias {
    static constexpr short read(st::graph& g, short x) {
        long const dim = g.at(x).extent[2];
        short const y = g.apply<rules::linear>(g.enter(x), weight(g, split::rows, Width, dim));
        short const z = g.apply<rules::linear>(y, weight(g, split::columns, dim, Width));
        short const b = move<partial>::read(g, weight(g, split::none, dim));
        return g.leave(g.apply<rules::bias>(z, b));
    }
};

using mixed = st::chain<st::layer_norm, st::named<"positions", st::position_embedding<batch.sequence>>>;

/// The embedding's table is the head's too.
template <long Dim, class... Layers>
using tied_model = st::chain<st::named<"wte", st::embedding<probe::vocabulary, Dim>>, st::named<"tested", Layers...>,
                             st::tied_linear<"wte">, st::cross_entropy>;

}  // namespace

TEST_CASE("bias, column- and row-parallel") {
    check<model<12, biased_pair<24>>, ones, fsdp2_sp3, ddp3_tp2, tp3_fsdp2, sp4, tp2_sp3>();
}

TEST_CASE("a partial bias on a partial sum") { check<model<12, partial_bias<24>>, ddp3_tp2, tp4>(); }

TEST_CASE("layer_norm and positions") { check<model<12, mixed>, fsdp2_sp3, ddp3_tp2, sp2_ddp3, ddp2_fsdp3, tp2_sp3>(); }

TEST_CASE("gelu_mlp") { check<model<12, st::gelu_mlp<24>>, fsdp2_sp3, ddp3_tp2, sp4, ddp2_fsdp3, tp2_sp3>(); }

TEST_CASE("biased_attention") {
    // The norm makes scores of order one: of a flat softmax the gradients of queries and keys would be rounding.
    check<model<48, st::rms_norm, st::biased_attention<12>>, fsdp2_sp3, ddp3_tp2, sp4, ddp2_fsdp3>();
}

TEST_CASE("a tied head, and a model of both kinds of layers") {
    check<tied_model<12, st::layer_norm>, fsdp2_sp3, ddp3_tp2, sp4, ddp2_fsdp3, tp2_sp3>();
    check<tied_model<12, st::residual<st::layer_norm, st::gelu_mlp<24>>, st::rms_norm, st::swiglu<24>>, fsdp2_sp3,
          ddp3_tp2>();
}
