// Any legal strategy, layers treated differently or alike, trains as one rank does: drawn at random, lowered at run time
// by the functions that the compiler runs.

#include "../support/strategies.hpp"

namespace {

constexpr st::llama_config config{64, 4, 4, 4, 96, 128, 500000};
using model = st::llama<config>;
constexpr char const* layers[] = {"layers.0",
                                  "layers.1-2",
                                  "layers.2-3",
                                  "layers.*",
                                  "layers.*.attention",
                                  "layers.1-3.feed_forward",
                                  "layers.0-1.ffn_norm",
                                  "output",
                                  "norm",
                                  "tok_embeddings",
                                  "layers"};
constexpr strategies::subject llama{8, 16, config.vocabulary, layers, 11};

}  // namespace

TEST_CASE("100 random strategies have the losses and gradients of one rank, in float") {
    strategies::check_draws<model, float>(llama, 1, 100, 1e-5);
}
TEST_CASE("40 others, in double") { strategies::check_draws<model, double>(llama, 2, 40, 1e-11); }
