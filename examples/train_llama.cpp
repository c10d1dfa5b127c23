// Trains the Llama-3 debug model on 8 ranks under layouts that are types, at one global batch.
// Usage: train_llama [--layout NAME]... [--steps N] [--dataset PATH] [--seed N] [--profile]

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include <shardtype/runtime.hpp>
#include <shardtype/runtime/profile.hpp>
#include <shardtype/train/corpus.hpp>
#include <shardtype/train/metrics.hpp>

namespace st = shardtype;
using st::dp_replicate, st::dp_shard, st::tp;

// ---- the jobs: one model and one batch, a mesh and a strategy each ----

template <class Mesh, class... Roles>
struct llama_job {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};

struct fsdp_8 : llama_job<st::mesh<dp_shard<8>>, st::fsdp<dp_shard<8>>> {
    static constexpr char const* name = "dp_shard";
};
struct tp_8 : llama_job<st::mesh<tp<8>>, st::sequence_parallel<tp<8>>> {
    static constexpr char const* name = "tp";
};
struct fsdp_2_tp_4 : llama_job<st::mesh<dp_shard<2>, tp<4>>, st::fsdp<dp_shard<2>>, st::sequence_parallel<tp<4>>> {
    static constexpr char const* name = "dp_shard+tp";
};
struct ddp_8 : llama_job<st::mesh<dp_replicate<8>>, st::ddp<dp_replicate<8>>> {
    static constexpr char const* name = "ddp";
};
struct tp_8_plain : llama_job<st::mesh<tp<8>>, st::tensor_parallel<tp<8>>> {
    static constexpr char const* name = "tp-plain";
};
struct fsdp_2_tp_4_plain : llama_job<st::mesh<dp_shard<2>, tp<4>>, st::fsdp<dp_shard<2>>, st::tensor_parallel<tp<4>>> {
    static constexpr char const* name = "dp_shard+tp-plain";
};
struct single : llama_job<st::mesh<dp_shard<1>>, st::fsdp<dp_shard<1>>> {
    static constexpr char const* name = "single";
};

// ---- one run ----

struct settings {
    std::vector<std::string> layouts{fsdp_8::name, tp_8::name, fsdp_2_tp_4::name};
    long steps = 10;
    long seed = 42;
    std::string dataset = SHARDTYPE_SOURCE_DIR;
    bool profile = false;
};

struct outcome {
    st::run_summary summary;
    std::vector<double> losses;
};

struct machine {
    int cpus = st::thread::usable_cpus();
    double memory_bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    double matmul_flops = 0;  // per second, all CPUs together
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The best float32 matrix product that oneDNN does on all CPUs together: 1024 cubed, the best of several tries.
double measure_matmul_peak(int cpus) {
    constexpr long n = 1024;
    double best = 0;
    int const ranks = std::min(cpus, st::thread::communicator::max_size);
    int const axis[] = {ranks};
    st::thread::world world(axis, 1, 2);
    world.run([&](st::thread::rank_communicators& comm) {
        st::cpu::use_threads(1);
        st::cpu::gemm<float> const product(n, n, n, false, false, false);
        std::vector<float> a(n * n), b(n * n), c(n * n);
        std::vector<float> scratch(static_cast<std::size_t>(product.scratch_bytes()) / sizeof(float) + 32);
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = b[i] = static_cast<float>(i % 17) - 8;
        auto const address = (reinterpret_cast<std::size_t>(scratch.data()) + 63) / 64 * 64;
        st::execution const exec{reinterpret_cast<void*>(address), static_cast<std::size_t>(product.scratch_bytes())};
        for (int round = 0; round < 12; ++round) {
            comm.all.barrier();
            double const start = now();
            for (int i = 0; i < 4; ++i) product(exec, a.data(), b.data(), c.data());
            comm.all.barrier();
            double const rate = 4 * 2.0 * static_cast<double>(n * n * n) * ranks / (now() - start);
            if (comm.rank == 0 && round > 1 && rate > best) best = rate;
        }
    });
    return best;
}

template <class Job>
constexpr st::model_size size_of_model() {
    constexpr auto c = st::llama3_debug;
    st::model_size m{0, c.vocabulary * c.dim, c.layers, c.heads, c.dim};
    auto const& g = st::checked<Job>::value;
    for (int k = 0; k < g.parameter_count; ++k) m.parameters += g.parameters[k].stored.count() * g.parameters[k].layers;
    return m;
}

template <class... Axes>
std::string print_mesh(st::mesh<Axes...>) {
    std::string_view const names[] = {st::axis_name<Axes>()...};
    long const sizes[] = {Axes::size...};
    std::printf("%s\n", st::device_mesh_line(names, sizes).c_str());
    std::string extents;
    for (long s : sizes) extents += (extents.empty() ? "[" : ", ") + std::to_string(s);
    std::string text = extents + "]";
    for (std::string_view n : names) text += " " + std::string(n);
    return text;
}

template <class Job>
outcome train(settings const& with, st::corpus const& data, machine& on) {
    using mesh = typename Job::mesh;
    constexpr auto batch = Job::batch;
    constexpr auto& graph = st::checked<Job>::value;
    constexpr long ranks = mesh::size, data_ranks = graph.policy.batch_parts();
    st::learning_rate rate;
    rate.steps = with.steps;

    double const peak = measure_matmul_peak(on.cpus);  // now, and the best so far: other programs may run beside us
    if (peak > on.matmul_flops) on.matmul_flops = peak;
    std::printf("\nlayout %s; oneDNN float32 matmul peak %.0f GFLOP/s\n", Job::name, 1e-9 * on.matmul_flops);
    outcome result_of_run;
    st::run_summary& summary = result_of_run.summary;
    summary.layout = Job::name;
    summary.mesh = print_mesh(mesh{});
    summary.memory_bytes = static_cast<double>(st::trainer<Job>::arena_bytes);
    st::step_metrics line;
    line.memory_bytes = summary.memory_bytes;
    line.memory_capacity = on.memory_bytes / static_cast<double>(ranks);
    line.tokens = static_cast<double>(batch.global * batch.sequence) / static_cast<double>(data_ranks);
    line.non_data_parallel_size = ranks / data_ranks;
    line.flops_per_token = st::flops_per_token(size_of_model<Job>(), batch.sequence);
    line.peak_flops = on.matmul_flops / static_cast<double>(ranks);

    double trained = 0;  // seconds of the steps after the first, which warms up
    st::profile_table profile;
    std::mutex adding;
    st::run<Job>([&](st::trainer<Job>& trainer) {
        trainer.initialise(static_cast<std::uint64_t>(with.seed));
        if (with.profile) trainer.walk().start_profile();
        double last = now();
        for (long s = 0; s < with.steps; ++s) {
            st::step_numbers numbers;
            numbers.adamw = {rate.at(s), 0.9, 0.95, 1e-8, 0.1, s + 1};  // lr, betas, eps, weight decay, step
            auto const result = trainer.step(numbers, [&](long row, int* tokens, int* targets) {
                data.row(s, row, batch.global, batch.sequence, tokens, targets);
            });
            if (trainer.rank() != 0) continue;
            double const t = now();
            line.step = s + 1;
            line.loss = result.loss;
            line.grad_norm = result.gradient_norm;
            line.seconds = t - last;
            last = t;
            if (s > 0 || with.steps == 1) trained += line.seconds;
            summary.seconds += line.seconds;
            if (s == 0) summary.first_loss = result.loss;
            summary.last_loss = result.loss;
            result_of_run.losses.push_back(result.loss);
            std::printf("%s\n", st::step_line(line).c_str());
            std::fflush(stdout);
        }
        if (with.profile) {
            std::lock_guard const lock(adding);
            profile.add(trainer.walk(), static_cast<int>(with.steps));
        }
    });
    double const timed_steps = static_cast<double>(with.steps > 1 ? with.steps - 1 : 1);
    summary.tokens_per_second = static_cast<double>(batch.global * batch.sequence) * timed_steps / trained;
    double const performed = graph.step_flops * timed_steps / trained;
    std::printf("performed %.1f GFLOP/s, %.1f %% of the matmul peak (mfu counts torchtitan's flops)\n",
                1e-9 * performed, 100 * performed / on.matmul_flops);
    if (with.profile) std::printf("%s", profile.text(summary.seconds, on.cpus).c_str());
    return result_of_run;
}

// Of the losses of all steps, against the first layout's.
double largest_difference(std::vector<outcome> const& runs) {
    double worst = 0;
    for (outcome const& run : runs)
        for (std::size_t s = 0; s < run.losses.size(); ++s) {
            double const first = runs.front().losses[s];
            worst = std::max(worst, std::abs(run.losses[s] - first) / std::abs(first));
        }
    return worst;
}

template <class... Jobs>
int train_all(settings const& with) {
    char const* const known[] = {Jobs::name...};
    for (std::string const& layout : with.layouts) {
        bool found = false;
        for (char const* k : known) found = found || layout == k;
        if (found) continue;
        std::string all;
        for (char const* k : known) all += std::string(all.empty() ? "" : ", ") + k;
        std::fprintf(stderr, "train_llama: --layout %s: not compiled in; there are %s\n", layout.c_str(), all.c_str());
        return 2;
    }
    auto const data = st::corpus::from_path(with.dataset);
    data.check(st::llama3_debug.vocabulary, fsdp_8::batch.sequence);
    machine on;
    std::printf("%ld %s from %s; %d CPUs\n", data.size(), data.documents() > 0 ? "tokens (bytes of text)" : "tokens",
                data.source().c_str(), on.cpus);
    std::vector<outcome> runs;
    for (std::string const& layout : with.layouts)
        ((layout == Jobs::name ? runs.push_back(train<Jobs>(with, data, on)) : void()), ...);
    std::vector<st::run_summary> rows;
    for (outcome const& run : runs) rows.push_back(run.summary);
    std::printf("\n%s", st::closing_table(rows).c_str());
    if (runs.size() > 1)
        std::printf("largest relative difference of a loss from the first layout's: %.1e\n", largest_difference(runs));
    return 0;
}

int main(int argc, char** argv) {
    settings with;
    CLI::App app{"Trains the Llama-3 debug model (dim 256, 6 layers) on 8 thread ranks under layouts that are types."};
    app.add_option("--layout", with.layouts,
                   "dp_shard (FSDP), tp, dp_shard+tp, ddp, tp-plain, dp_shard+tp-plain or single; may be repeated")
        ->delimiter(' ')
        ->capture_default_str();
    app.add_option("--steps", with.steps, "training steps")->check(CLI::Range(1L, 1000000L))->capture_default_str();
    app.add_option("--seed", with.seed, "of the first weights")->check(CLI::Range(0L, 1L << 62))->capture_default_str();
    app.add_option("--dataset", with.dataset, "a text file, a folder of text files, or an llm.c token shard")
        ->capture_default_str();
    app.add_flag("--profile", with.profile, "where the time goes, by kernel");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        if (e.get_exit_code() == 0) return app.exit(e);
        std::fprintf(stderr, "train_llama: %s\n", e.what());
        return 2;
    }
    try {
        int const status = train_all<fsdp_8, tp_8, fsdp_2_tp_4, ddp_8, tp_8_plain, fsdp_2_tp_4_plain, single>(with);
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
        std::fprintf(stderr, "train_llama: standard output could not be written\n");
        return 1;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "train_llama: %s\n", e.what());
        return 1;
    }
}
