// A training step of Llama 3 with 8B's layer sizes at a depth that fits on one GPU of 80 GB: bf16 products beside float32
// state, 8192 tokens, forward, backward, clipping and AdamW, recorded as CUDA graphs. Its share is MFU by torchtitan's count
// of flops, of the device's published dense peak. bench/peers/torch_compile.py trains the same.
//   SHARDTYPE_PEAK_TFLOPS=N  the peak of a device that is not known here

#include <shardtype/bench/gpu/measure.hpp>
#include <shardtype/mesh/hardware.hpp>
#include <shardtype/runtime.hpp>
#include <shardtype/train/cuda.hpp>
#include <shardtype/train/metrics.hpp>

#include <chrono>
#include <cstdlib>
#include <string_view>

#ifndef SHARDTYPE_BENCH_LAYERS
#define SHARDTYPE_BENCH_LAYERS 8
#endif

namespace st = shardtype;
namespace gpu = st::bench::gpu;

namespace {

constexpr st::llama_config sizes = [] {
    st::llama_config c = st::llama3_8b;
    c.layers = SHARDTYPE_BENCH_LAYERS;
    return c;
}();

struct job {
    using mesh = st::mesh<st::tp<1>>;  // one row cannot be split, not even over one rank
    using strategy = st::strategy<st::tensor_parallel<st::tp<1>>>;
    using model = st::llama<sizes>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = 1, .sequence = 8192};
};
constexpr double tokens = static_cast<double>(job::batch.global * job::batch.sequence);

double flops_of_a_token() {
    st::model_size m{0, sizes.vocabulary * sizes.dim, sizes.layers, sizes.heads, sizes.dim};
    auto const& g = st::checked<job>::value;
    for (int k = 0; k < g.parameter_count; ++k) m.parameters += g.parameters[k].stored.count() * g.parameters[k].layers;
    return st::flops_per_token(m, job::batch.sequence);
}

double peak_flops() {
    if (char const* const said = std::getenv("SHARDTYPE_PEAK_TFLOPS"); said != nullptr) return 1e12 * std::atof(said);
    cudaDeviceProp device{};
    st::cuda::check(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
    std::string_view const name = device.name;
    auto const has = [&](char const* part) { return name.find(part) != name.npos; };
    if (has("H200")) return static_cast<double>(st::h200_sxm.bf16_flops);
    if (has("H100") && !has("PCIe") && !has("NVL")) return static_cast<double>(st::h100_sxm.bf16_flops);
    if (has("A100")) return static_cast<double>(st::a100_80gb.bf16_flops);
    throw std::runtime_error("the peak of " + std::string(name) + " is not known: SHARDTYPE_PEAK_TFLOPS=N names it");
}

/// Noise on the device: the model's own initialisers would take minutes for billions of numbers.
template <class Trainer>
void fill(Trainer& t) {
    using element = typename Trainer::element;
    t.for_each_parameter([&](int k, int layer, st::parameter_record const& p) {
        long const n = st::parameter_count(t.walk(), k);
        bool const matrix = p.stored.rank > 1;
        auto const seed = static_cast<std::uint64_t>(1000 * k + layer);
        st::cuda::launch(&gpu::detail::fill_with_noise<element>, 1024u, 256u, t.comm().stream(),
                         st::parameter_values<element>(t.walk(), k, layer), n, matrix ? 0.03f : 0.1f,
                         matrix ? 0.f : 1.f, seed);
    });
    st::cuda::check(cudaDeviceSynchronize(), "filling the parameters");
}

void train_step(benchmark::State& state) {
    gpu::guarded(state, [&] {
        st::cuda::run_sharing<job>([&](auto& t) {
            fill(t);
            long number = 0;
            std::vector<double> taken;
            double loss = 0;
            auto const step = [&] {
                st::step_numbers numbers;
                numbers.adamw = {1e-5, 0.9, 0.95, 1e-8, 0.1, ++number};
                auto const begin = std::chrono::steady_clock::now();
                loss = t.step(numbers, [&](long row, int* ids, int* targets) {
                            for (long i = 0; i < job::batch.sequence; ++i) {
                                ids[i] = static_cast<int>((row * 7919 + i * 104'729) % t.vocabulary);
                                targets[i] = static_cast<int>((row * 7919 + (i + 1) * 104'729) % t.vocabulary);
                            }
                        }).loss;
                return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            };
            for (int i = 0; i < 4; ++i) step();  // as it is, recorded, and warm
            for (int i = 0; i < 10; ++i) taken.push_back(step());
            if (!std::isfinite(loss)) throw std::runtime_error("the loss is not finite");
            std::sort(taken.begin(), taken.end());
            double const median = taken[taken.size() / 2];
            for (auto _ : state) state.SetIterationTime(median);
            state.counters["best_us"] = 1e6 * taken.front();
            state.counters["median_us"] = 1e6 * median;
            state.counters["tokens/s"] = tokens / median;
            state.counters["limit_tokens/s"] = peak_flops() / flops_of_a_token();
            state.counters["share"] = tokens / median * flops_of_a_token() / peak_flops();
            state.counters["arena_GiB"] = static_cast<double>(t.arena_bytes) / (1L << 30);
            state.SetLabel("MFU, " + std::to_string(sizes.layers) + " layers, arena of " +
                           std::to_string(t.arena_bytes >> 20) + " MiB");
        });
    });
}
BENCHMARK(train_step)->Apply(gpu::settings)->Unit(benchmark::kMillisecond);

}  // namespace
