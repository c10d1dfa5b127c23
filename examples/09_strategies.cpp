// One model, eight ways to train it: what a strategy changes is memory and communication, not the losses.
//
// Expected output: 09_strategies.expected.

#include <shardtype/runtime.hpp>

#include <cmath>
#include <cstdio>
#include <exception>

namespace st = shardtype;

using dp = st::dp_shard<2>;
using tp = st::tp<2>;

// Four layers of 64 columns, four heads, 256 token ids.
constexpr st::llama_config config{.dim = 64, .layers = 4, .heads = 4, .kv_heads = 2, .ffn_dim = 192, .vocabulary = 256};

//! [job]
// Eight rows of 64 tokens a step, on four ranks; one row at a time and rank where micro-batches are four.
template <int MicroBatches, class... Roles>
struct job {
    using mesh = st::mesh<dp, tp>;
    using strategy = st::strategy<Roles...>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 64, .micro_batches = MicroBatches};
};
//! [job]

//! [strategies]
using replicated = job<1, st::ddp<dp>, st::tensor_parallel<tp>>;
using sharded_states = job<1, st::zero1<dp>, st::tensor_parallel<tp>>;     // optimizer states, and what they update
using sharded_gradients = job<1, st::zero2<dp>, st::tensor_parallel<tp>>;  // and gradients
using sharded_all = job<1, st::fsdp<dp>, st::sequence_parallel<tp>>;  // and weights; the sequence between layers too
using recomputed = job<1, st::fsdp<dp>, st::sequence_parallel<tp>, st::recompute>;
using accumulated = job<4, st::fsdp<dp>, st::sequence_parallel<tp>, st::recompute>;

// Layers 0 and 1 keep what backward needs, and the feed-forwards of 2 and 3 use tp's ranks for more data.
using layer_by_layer =
    job<1, st::fsdp<dp>, st::tensor_parallel<tp>, st::recompute, st::in_layers<"layers.0-1", st::keep_activations>,
        st::in_layers<"layers.2-3.feed_forward", st::fsdp<tp>>>;

// What is computed is bfloat16, the state and the reductions into it stay float32; gathers move half the bytes.
struct in_bfloat16 : sharded_all {
    using compute = st::bf16;
};
//! [strategies]

void write_row(long row, int* tokens, int* targets) {
    constexpr char text[] = "the quick brown fox jumps over the lazy dog. ";
    for (long i = 0; i < sharded_all::batch.sequence; ++i) {
        tokens[i] = text[(7 * row + i) % 45];
        targets[i] = text[(7 * row + i + 1) % 45];
    }
}

template <class Job>
double train(char const* name, int decimals = 3) {
    double last = 0;
    st::run<Job>([&](st::trainer<Job>& trainer) {
        trainer.initialise(1);
        for (int step = 1; step <= 4; ++step) {
            st::step_numbers numbers;
            numbers.adamw.step = step;
            double const loss = trainer.step(numbers, write_row).loss;
            if (trainer.rank() == 0) last = loss;
        }
    });
    std::printf("%-18s %8ld bytes a rank, loss of step 4: %.*f\n", name, st::trainer<Job>::arena_bytes, decimals, last);
    return last;
}

int main() try {
    double const losses[] = {train<replicated>("replicated"),
                             train<sharded_states>("sharded_states"),
                             train<sharded_gradients>("sharded_gradients"),
                             train<sharded_all>("sharded_all"),
                             train<recomputed>("recomputed"),
                             train<accumulated>("accumulated"),
                             train<layer_by_layer>("layer_by_layer")};
    double apart = 0;
    for (double loss : losses) apart = std::fmax(apart, std::fabs(loss / losses[0] - 1));
    std::printf("losses equal to 1e-5: %s\n", apart < 1e-5 ? "yes" : "no");
    double const narrow = train<in_bfloat16>("in_bfloat16", 1);  // CPUs differ in how they add products of bfloat16
    std::printf("bfloat16 within 0.3 %%: %s\n", std::fabs(narrow / losses[0] - 1) < 3e-3 ? "yes" : "no");
} catch (std::exception const& error) {
    std::fprintf(stderr, "09_strategies: %s\n", error.what());
    return 1;
}
