// A model of one's own as a chain of layers, trained for three steps under two layouts. The memory of a rank is known
// before anything runs, and the losses do not depend on the layout.

#include <cmath>
#include <cstdio>
#include <exception>

#include <shardtype/runtime.hpp>

namespace st = shardtype;

//! [layer]
// A layer is a type with `read`: it applies operations to values of the graph that is being read. This one runs two
// layers side by side and adds what they give. Its gradient follows from that.
template <class Left, class Right>
struct side_by_side {
    static constexpr short read(st::graph& g, short x) {
        short const left = Left::read(g, x);
        short const right = Right::read(g, x);
        return g.apply<st::rules::add>(left, right);
    }
};
//! [layer]

//! [model]
// Attention (4 heads on 2 kv heads) and feed-forward (192 columns) read one norm's result. `named` gives parameters
// their names, as in layers.0.attention.wq.weight.
using block =
    st::residual<st::named<"norm", st::rms_norm>,
                 side_by_side<st::named<"attention", st::attention<4, 2>>, st::named<"feed_forward", st::swiglu<192>>>>;

// 256 token ids, 64 columns, three blocks.
using model = st::chain<st::named<"embeddings", st::embedding<256, 64>>, st::named<"layers", st::repeat<3, block>>,
                        st::named<"norm", st::rms_norm>, st::named<"output", st::linear<256>>, st::cross_entropy>;
//! [model]

//! [jobs]
struct replicas final : st::axis<2> {};
struct shards final : st::axis<2> {};
struct tensor_ranks final : st::axis<2> {};

template <class Mesh, class Strategy>
struct job {
    using mesh = Mesh;
    using strategy = Strategy;
    using model = ::model;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 64};  // over all ranks
};

// Data parallel: the batch is split over both axes, each pair of `shards` holds one copy of the state in two parts.
using data_parallel = job<st::mesh<replicas, shards>, st::strategy<st::ddp<replicas>, st::fsdp<shards>>>;
// Weights split over tensor_ranks too, and the sequence between the layers.
using with_tensors =
    job<st::mesh<shards, tensor_ranks>, st::strategy<st::fsdp<shards>, st::sequence_parallel<tensor_ranks>>>;
//! [jobs]

//! [memory]
// A rank makes one allocation, of this size. It is a constant, so a limit is a static_assert.
using namespace st::literals;
static_assert(st::trainer<data_parallel>::arena_bytes < 3_MiB);
static_assert(st::trainer<with_tensors>::arena_bytes < 3_MiB);
//! [memory]

//! [data]
// Row `row` of the step's batch: ids, and for each the id that follows.
void write_row(long row, int* tokens, int* targets) {
    constexpr char text[] = "the quick brown fox jumps over the lazy dog. ";
    for (long i = 0; i < data_parallel::batch.sequence; ++i) {
        tokens[i] = text[(7 * row + i) % 45];
        targets[i] = text[(7 * row + i + 1) % 45];
    }
}
//! [data]

constexpr int steps = 3;

//! [train]
template <class Job>
void train(double (&losses)[steps]) {
    st::learning_rate const rate{.base = 1e-3, .warmup = 1, .steps = steps};
    st::run<Job>([&](st::trainer<Job>& trainer) {  // called once on each rank
        trainer.initialise(1);                     // by a seed: the same numbers in every layout
        for (int step = 0; step < steps; ++step) {
            st::step_numbers numbers;
            numbers.adamw.lr = rate.at(step);
            numbers.adamw.step = step + 1;
            st::step_result const result = trainer.step(numbers, write_row);
            if (trainer.rank() == 0) losses[step] = result.loss;  // equal on every rank
        }
    });
}
//! [train]

template <class Job>
void report(char const* name, double const (&losses)[steps]) {
    std::printf("%-14s arena %ld bytes, losses", name, st::trainer<Job>::arena_bytes);
    for (double loss : losses) std::printf(" %.3f", loss);  // CPUs and compilers differ from the seventh digit on
    std::printf("\n");
}

int main() try {
    double first[steps] = {}, second[steps] = {};
    train<data_parallel>(first);
    train<with_tensors>(second);
    report<data_parallel>("data_parallel", first);
    report<with_tensors>("with_tensors", second);
    double apart = 0;
    for (int i = 0; i < steps; ++i) apart = std::fmax(apart, std::fabs(second[i] / first[i] - 1));
    std::printf("losses equal to 1e-5: %s\n", apart < 1e-5 ? "yes" : "no");
} catch (std::exception const& error) {
    std::fprintf(stderr, "05_chain: %s\n", error.what());
    return 1;
}
