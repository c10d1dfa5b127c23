// A small Llama trained for three steps under three layouts and on one rank: the same losses and gradient norms, or
// exit code 1. lowering.sh compiles it with faults in the library.

#include <cmath>
#include <cstdio>
#include <exception>

#include <shardtype/runtime.hpp>

namespace st = shardtype;

struct dp final : st::axis<2> {};
struct tp final : st::axis<2> {};
struct one final : st::axis<1> {};

template <class Mesh, class Strategy>
struct job {
    using mesh = Mesh;
    using strategy = Strategy;
    using element = double;
    using model =
        st::llama<st::llama_config{.dim = 16, .layers = 2, .heads = 4, .kv_heads = 2, .ffn_dim = 24, .vocabulary = 32}>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 8};
};
using grid = st::mesh<dp, tp>;

constexpr int steps = 3;

template <class Job>
void train(double (&out)[2 * steps]) {
    st::run<Job>([&](st::trainer<Job>& trainer) {
        trainer.initialise(1);
        for (int step = 0; step < steps; ++step) {
            st::step_numbers numbers;
            numbers.adamw.lr = 1e-3;
            numbers.adamw.step = step + 1;
            auto const result = trainer.step(numbers, [](long row, int* tokens, int* targets) {
                for (long i = 0; i < Job::batch.sequence; ++i) {
                    tokens[i] = static_cast<int>((7 * row + 3 * i) % 32);
                    targets[i] = static_cast<int>((5 * row + 11 * i + 1) % 32);
                }
            });
            if (trainer.rank() == 0) out[2 * step] = result.loss, out[2 * step + 1] = result.gradient_norm;
        }
    });
}

int main() try {
    double whole[2 * steps] = {}, part[2 * steps] = {};
    train<job<st::mesh<one>, st::strategy<>>>(whole);
    int wrong = 0;
    auto const compare = [&](char const* layout) {
        for (int i = 0; i < 2 * steps; ++i)
            if (!(std::fabs(part[i] / whole[i] - 1) < 1e-9)) {
                std::printf("%s: %s %d: %.12g, on one rank %.12g\n", layout, i % 2 == 0 ? "loss" : "norm", i / 2,
                            part[i], whole[i]);
                wrong = 1;
            }
    };
    train<job<grid, st::strategy<st::fsdp<dp>, st::sequence_parallel<tp>>>>(part);
    compare("fsdp x sequence parallel");
    train<job<grid, st::strategy<st::ddp<dp>, st::tensor_parallel<tp>>>>(part);
    compare("ddp x tensor parallel");
    train<job<grid, st::strategy<st::ddp<dp>, st::fsdp<tp>>>>(part);
    compare("ddp x fsdp");
    return wrong;
} catch (std::exception const& error) {
    std::printf("%s\n", error.what());
    return 1;
}
