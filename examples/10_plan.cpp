// The compiler chooses each layer's strategy, within a bound on memory, and proves that none is faster; then the plan runs.
//
// Expected output: 10_plan.expected.

#include <shardtype/plan/plan_text.hpp>
#include <shardtype/plan/planner.hpp>
#include <shardtype/runtime.hpp>

#include <cmath>
#include <cstdio>
#include <exception>

namespace st = shardtype;

// Four layers of 64 columns, four heads, 256 token ids.
constexpr st::llama_config config{.dim = 64, .layers = 4, .heads = 4, .kv_heads = 2, .ffn_dim = 192, .vocabulary = 256};

//! [job]
struct dp final : st::axis<2> {};
struct tp final : st::axis<2> {};

// A job without a strategy: hardware and constraints instead. Eight rows of 64 tokens a step, on four ranks.
template <long Bytes>
struct wanted {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 64};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints{.device_memory = Bytes};
};
using roomy = wanted<8'000'000>;
using tight = wanted<2'600'000>;

static_assert(st::plan<roomy>.optimal && st::plan<tight>.optimal);  // proven
static_assert(st::plan<roomy>.time < st::plan<tight>.time);         // memory costs time
static_assert(st::plan<tight>.memory <= 2'600'000);                 // all of it, not parameters alone
static_assert(st::lowered<st::planned_job<tight>, st::buffers_only>::arena_bytes <= st::plan<tight>.memory);
//! [job]

void write_row(long row, int* tokens, int* targets) {
    constexpr char text[] = "the quick brown fox jumps over the lazy dog. ";
    for (long i = 0; i < roomy::batch.sequence; ++i) {
        tokens[i] = text[(7 * row + i) % 45];
        targets[i] = text[(7 * row + i + 1) % 45];
    }
}

//! [run]
template <class Job>
double train(char const* name) {
    double last = 0;
    st::run<st::planned_job<Job>>([&](auto& trainer) {
        trainer.initialise(1);
        for (int step = 1; step <= 4; ++step) {
            st::step_numbers numbers;
            numbers.adamw.step = step;
            double const loss = trainer.step(numbers, write_row).loss;
            if (trainer.rank() == 0) last = loss;
        }
    });
    std::printf("%s: loss of step 4: %.3f\n", name, last);
    return last;
}
//! [run]

int main() try {
    //! [explain]
    std::printf("%s\n", st::plan_text<st::plan<tight>>.data);
    //! [explain]
    double const a = train<roomy>("roomy"), b = train<tight>("tight");
    std::printf("losses equal to 1e-5: %s\n", std::fabs(a / b - 1) < 1e-5 ? "yes" : "no");
} catch (std::exception const& error) {
    std::fprintf(stderr, "10_plan: %s\n", error.what());
    return 1;
}
