// A job of one's own: a small Llama on a [2, 2] mesh, three steps on a repeated line of text.
// Expected: losses 5.9866, 5.9441, 5.8871; another mesh or strategy gives the same.

#include <cstdio>
#include <exception>

#include <shardtype/runtime.hpp>

namespace st = shardtype;

struct data_ranks final : st::axis<2> {};  // the axes are yours: errors print their names
struct tensor_ranks final : st::axis<2> {};

constexpr st::llama_config config{.dim = 64, .layers = 3, .heads = 4, .kv_heads = 2, .ffn_dim = 192, .vocabulary = 256};

struct my_job {
    using mesh = st::mesh<data_ranks, tensor_ranks>;                                           // 4 ranks
    using strategy = st::strategy<st::fsdp<data_ranks>, st::sequence_parallel<tensor_ranks>>;  // one role per axis
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 64};  // over all ranks
    // optional: using element = double; using operations = st::type_list<...>; using kernels = st::type_list<...>;
};
static_assert(st::lowered<my_job>::arena_bytes < 4 << 20);  // known before anything runs

int main() {
    try {
        st::run<my_job>([](st::trainer<my_job>& trainer) {  // once per rank
            trainer.initialise(1);
            st::learning_rate const rate{.base = 1e-3, .warmup = 1, .steps = 3};
            for (long step = 0; step < 3; ++step) {
                st::step_numbers numbers;
                numbers.adamw.lr = rate.at(step);
                numbers.adamw.step = step + 1;
                auto const result = trainer.step(numbers, [](long row, int* tokens, int* targets) {
                    char const text[] = "the quick brown fox jumps over the lazy dog. ";
                    for (long i = 0; i < my_job::batch.sequence; ++i) {
                        tokens[i] = text[(7 * row + i) % 45];
                        targets[i] = text[(7 * row + i + 1) % 45];
                    }
                });
                if (trainer.rank() == 0) std::printf("step %ld  loss %.4f\n", step + 1, result.loss);
            }
        });
    } catch (std::exception const& e) {
        std::fprintf(stderr, "own_job: %s\n", e.what());
        return 1;
    }
}
