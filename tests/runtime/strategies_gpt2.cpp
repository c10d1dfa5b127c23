// A GPT-2 under strategies that treat its layers differently trains as on one rank: biases, positions and the table that
// embedding and head share lie, and are reduced, as the layer's own strategy says.

#include "../support/strategies.hpp"

namespace {

constexpr st::gpt2_config config{32, 4, 4, 64, 16};
using model = st::gpt2<config>;
constexpr char const* layers[] = {"h.0",        "h.1-2", "h.2-3", "h.*",     "h.*.attn", "h.1-3.mlp",
                                  "h.0-1.ln_2", "wte",   "wpe",   "lm_head", "ln_f",     "h"};
// A constant that is added to all keys moves no weight of the softmax.
constexpr strategies::subject gpt2{8, config.sequence, config.vocabulary, layers, 12, "c_attn.k.bias"};

struct shards final : st::axis<2> {};
struct ranks final : st::axis<2> {};
using both = st::mesh<shards, ranks>;

strategies::outcome const& one_rank() {
    static strategies::outcome const o = strategies::alone<model, double>(gpt2);
    return o;
}

/// A strategy as a user writes it, against one rank.
template <class... Parts>
void check(st::batch_shape batch, char const* name) {
    CAPTURE(name);
    strategies::outcome const& one = one_rank();
    auto program = bare_program::lowered<model, double>(st::strategy_of<both, st::strategy<Parts...>>, batch);
    REQUIRE(program.says.what == st::code::ok);
    strategies::outcome const o = strategies::train<double>(program, gpt2);
    double const loss = strategies::apart(o.loss, one.loss), norm = strategies::apart(o.norm, one.norm);
    double const gradient = strategies::apart(o.gradients, one.gradients);
    double const weight = strategies::apart(o.weights, one.weights);
    std::printf("%-56s loss %.2g, norm %.2g, gradient %.2g, weights %.2g\n", name, loss, norm, gradient, weight);
    CHECK(o.gradients.size() == 4 * 15 + 4);
    CHECK(loss <= 1e-10);
    CHECK(norm <= 1e-10);
    CHECK(gradient <= 1e-10);
    CHECK(weight <= 1e-8);  // AdamW divides by the root of the square of what may be rounding
    CHECK(o.unequal == 0);
}

}  // namespace

TEST_CASE("GPT-2, layers treated differently, in double") {
    using namespace st;
    batch_shape const whole{8, 16}, parts{8, 16, 2};
    check<zero1<shards>, tensor_parallel<ranks>, recompute, in_layers<"h.1-2", fsdp<shards>, sequence_parallel<ranks>>>(
        parts, "ZeRO-1, tp, recomputed; fsdp, sp in h.1-2");
    check<fsdp<shards>, sequence_parallel<ranks>, in_layers<"h.*.attn", zero1<ranks>>,
          in_layers<"h.3.mlp", recompute, zero2<shards>>>(parts, "fsdp, sp; attention by ZeRO-1, h.3.mlp recomputed");
    check<ddp<shards>, zero1<ranks>, in_layers<"wte", fsdp<shards>>, in_layers<"lm_head", recompute, zero2<ranks>>>(
        parts, "ddp, ZeRO-1; the table by fsdp, the head recomputed");
    check<fsdp<shards>, tensor_parallel<ranks>, in_layers<"lm_head", ddp<shards>, sequence_parallel<ranks>>,
          in_layers<"wpe", zero1<ranks>>, in_layers<"ln_f", recompute>>(whole, "fsdp, tp; the head by ddp, sp");
    check<zero2<shards>, fsdp<ranks>, in_layers<"h", tensor_parallel<ranks>, recompute>,
          in_layers<"h.*.ln_2", keep_activations>>(whole, "ZeRO-2, fsdp; the blocks by tp, recomputed");
}

TEST_CASE("GPT-2: 40 random strategies, in double") { strategies::check_draws<model, double>(gpt2, 3, 40, 1e-10); }
