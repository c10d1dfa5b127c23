// The kernels that memory bounds, at Llama-3 8B's sizes for 8192 tokens in bf16, against a stream of 4 reads and 3 writes
// that is measured in the same run. Bytes are those that a kernel must move: each operand read once, each result written
// once.

#include <shardtype/bench/gpu/stream.hpp>
#include <shardtype/kernels/cuda/adamw.hpp>
#include <shardtype/kernels/cuda/cross_entropy.hpp>
#include <shardtype/kernels/cuda/embedding.hpp>
#include <shardtype/kernels/cuda/rms_norm.hpp>
#include <shardtype/kernels/cuda/rotary.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/kernels/cuda/square_sum.hpp>
#include <shardtype/kernels/cuda/swiglu.hpp>

namespace st = shardtype;
namespace gpu = st::bench::gpu;
using st::bf16;

namespace {

constexpr long tokens = 8192, width = 4096, hidden = 14336, vocabulary = 128256, heads = 32, head_dim = 128;

template <class Call>
void row(benchmark::State& state, gpu::context const& on, double bytes, Call&& call) {
    gpu::row(state, on, bytes, gpu::bytes_per_second, gpu::stream_rate(), gpu::stream_name, call);
}

void adamw(benchmark::State& state) {
    gpu::guarded(state, [&] {
        long const n = state.range(0);
        auto const w = gpu::noise<float>(n, 0.03f), g = gpu::noise<float>(n, 1e-3f), m = gpu::noise<float>(n, 1e-3f),
                   v = gpu::noise<float>(n, 1e-7f, 1.1e-7f);
        auto const numbers = gpu::copy_of(std::vector{st::cuda::step_values{1e-5, 0.9, 0.95, 1e-8, 0.1, 0.9, 0.9, 1}});
        auto const report = gpu::copy_of(std::vector<double>{0, 0, 1});
        gpu::context const on;
        row(state, on, 28.0 * static_cast<double>(n),
            [&] { st::cuda::adamw<float>(on.exec(), w, g, m, v, n, numbers.data(), report.data()); });
    });
}

void square_sum(benchmark::State& state) {
    gpu::guarded(state, [&] {
        long const n = state.range(0);
        auto const x = gpu::noise<float>(n);
        gpu::array<double> const out(1);
        gpu::context const on(st::cuda::square_sum_scratch_bytes(n));
        row(state, on, 4.0 * static_cast<double>(n), [&] { st::cuda::square_sum<float>(on.exec(), x, n, out); });
    });
}

void rms_norm_forward(benchmark::State& state) {
    gpu::guarded(state, [&] {
        auto const x = gpu::noise<bf16>(tokens * width), w = gpu::noise<bf16>(width);
        gpu::array<bf16> const y(tokens * width);
        gpu::array<float> const rstd(tokens);
        gpu::context const on;
        row(state, on, 2.0 * 2 * tokens * width,
            [&] { st::cuda::rms_norm_forward<bf16>(on.exec(), x, w, y, rstd, tokens, width, 1e-5f); });
    });
}

void rms_norm_backward(benchmark::State& state) {
    gpu::guarded(state, [&] {
        auto const dy = gpu::noise<bf16>(tokens * width), x = gpu::noise<bf16>(tokens * width),
                   w = gpu::noise<bf16>(width);
        auto const rstd = gpu::noise<float>(tokens, 0.1f, 1.f);
        gpu::array<bf16> const dx(tokens * width);
        gpu::array<float> const dw(width);
        gpu::context const on(st::cuda::rms_norm_backward_scratch_bytes<bf16>(tokens, width));
        row(state, on, 3.0 * 2 * tokens * width,
            [&] { st::cuda::rms_norm_backward<bf16>(on.exec(), dy, x, w, rstd, dx, false, dw, false, tokens, width); });
    });
}

void swiglu_forward(benchmark::State& state) {
    gpu::guarded(state, [&] {
        constexpr long n = tokens * hidden;
        auto const gate = gpu::noise<bf16>(n), up = gpu::noise<bf16>(n);
        gpu::array<bf16> const y(n);
        gpu::context const on;
        row(state, on, 3.0 * 2 * n, [&] { st::cuda::swiglu_forward<bf16>(on.exec(), gate, up, y, n); });
    });
}

void swiglu_backward(benchmark::State& state) {
    gpu::guarded(state, [&] {
        constexpr long n = tokens * hidden;
        auto const dy = gpu::noise<bf16>(n), gate = gpu::noise<bf16>(n), up = gpu::noise<bf16>(n);
        gpu::array<bf16> const dgate(n), dup(n);
        gpu::context const on;
        row(state, on, 5.0 * 2 * n, [&] { st::cuda::swiglu_backward<bf16>(on.exec(), dy, gate, up, dgate, dup, n); });
    });
}

void rotary(benchmark::State& state) {
    gpu::guarded(state, [&] {
        constexpr long n = tokens * heads * head_dim;
        auto const x = gpu::noise<bf16>(n);
        gpu::array<bf16> const y(n);
        gpu::array<float> const cos(tokens * head_dim / 2), sin(tokens * head_dim / 2);
        gpu::context const on;
        st::cuda::rotary_table<float>(on.exec(), cos, sin, tokens, head_dim, 500000.0);
        row(state, on, 2.0 * 2 * n,
            [&] { st::cuda::rotary<bf16>(on.exec(), x, cos, sin, y, 1, tokens, heads, head_dim, false); });
    });
}

/// Forward and backward together: logits read three times, written once.
void cross_entropy(benchmark::State& state) {
    gpu::guarded(state, [&] {
        constexpr long n = tokens * vocabulary;
        auto const logits = gpu::noise<bf16>(n);
        auto const targets = gpu::ids(tokens, static_cast<int>(vocabulary));
        gpu::array<bf16> const dlogits(n);
        gpu::array<float> const max(tokens), stats(2 * tokens), loss(1);
        gpu::context const on;
        row(state, on, 4.0 * 2 * n, [&] {
            st::cuda::cross_entropy_row_max<bf16>(on.exec(), logits, max, tokens, vocabulary);
            st::cuda::cross_entropy_sum_and_pick<bf16>(on.exec(), logits, targets, max, stats, tokens, vocabulary, 0);
            st::cuda::cross_entropy_loss<float>(on.exec(), max, stats, loss, tokens, 1.f / tokens, false);
            st::cuda::cross_entropy_backward<bf16>(on.exec(), logits, targets, max, stats, dlogits, tokens, vocabulary,
                                                   0, 1.f / tokens);
        });
    });
}

/// dy read once, the rows of dw that occur read and written.
void embedding_backward(benchmark::State& state) {
    gpu::guarded(state, [&] {
        auto const dy = gpu::noise<bf16>(tokens * width);
        auto const dw = gpu::noise<float>(vocabulary * width);
        auto const ids = gpu::ids(tokens, static_cast<int>(vocabulary));
        gpu::context const on(st::cuda::embedding_backward_scratch_bytes(tokens));
        row(state, on, (2.0 + 2 * 4) * tokens * width,
            [&] { st::cuda::embedding_backward<bf16>(on.exec(), ids, dy, dw, tokens, width, 0, vocabulary, true); });
    });
}

BENCHMARK(adamw)->Arg(8L << 20)->Arg(256L << 20)->Apply(gpu::settings);
BENCHMARK(square_sum)->Arg(256L << 20)->Apply(gpu::settings);
BENCHMARK(rms_norm_forward)->Apply(gpu::settings);
BENCHMARK(rms_norm_backward)->Apply(gpu::settings);
BENCHMARK(swiglu_forward)->Apply(gpu::settings);
BENCHMARK(swiglu_backward)->Apply(gpu::settings);
BENCHMARK(rotary)->Apply(gpu::settings);
BENCHMARK(cross_entropy)->Apply(gpu::settings);
BENCHMARK(embedding_backward)->Apply(gpu::settings);

}  // namespace
