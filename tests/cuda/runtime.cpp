// Whole trainings by the GPU back end, on the fake runtime, against the same by the CPU's: one rank, ranks that share a
// GPU, ranks that NCCL joins. Recorded steps against walked ones; the order of streams is drawn anew for each.

#include <doctest/doctest.h>

#include "runtime_cases.hpp"

#include <shardtype/train/cuda.hpp>

#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace gpu_cases;

namespace {

struct graphs {
    explicit graphs(bool on) { setenv("SHARDTYPE_CUDA_GRAPHS", on ? "1" : "0", 1); }
    ~graphs() { unsetenv("SHARDTYPE_CUDA_GRAPHS"); }
};

template <class Job>
record sharing() {
    std::vector<record> all(Job::mesh::size);
    st::cuda::run_sharing<Job>([&](auto& t) { all[static_cast<std::size_t>(t.rank())] = train(t); });
    for (record const& r : all) CHECK(r.loss == all[0].loss);
    return all[0];
}
#ifdef SHARDTYPE_TEST_ON_DEVICE  // its NCCL takes one rank
template <class Job>
inline constexpr bool by_nccl = Job::mesh::size == 1;
#else
template <class Job>
inline constexpr bool by_nccl = true;
#endif

/// Processes are threads to the fake.
template <class Job>
record processes() {
    std::vector<record> all(Job::mesh::size);
    std::vector<std::string> errors(Job::mesh::size);
    auto const id = st::nccl::unique_id();
    std::vector<std::thread> ranks;
    for (int r = 0; r < Job::mesh::size; ++r)
        ranks.emplace_back([&, r] {
            try {
                st::launch l;
                l.by = st::launcher::torchrun;
                l.rank = l.local_rank = r;
                l.size = Job::mesh::size;
                st::cuda::run_processes<Job>(l, id, [&](auto& t) { all[static_cast<std::size_t>(r)] = train(t); });
            } catch (std::exception const& e) {
                errors[static_cast<std::size_t>(r)] = e.what();
            }
        });
    for (auto& r : ranks) r.join();
    for (auto const& e : errors) CHECK(e == "");
    for (record const& r : all) CHECK(r.loss == all[0].loss);
    return all[0];
}

double apart(std::vector<double> const& x, std::vector<double> const& y) {
    REQUIRE(x.size() == y.size());
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        double const d = std::abs(x[i] / y[i] - 1);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}
template <class Job>
void check_same(char const* what, record const& gpu, record const& cpu, double band) {
    double const worst =
        std::max({apart(gpu.loss, cpu.loss), apart(gpu.norm, cpu.norm), std::abs(gpu.evaluated / cpu.evaluated - 1)});
    std::string const of = std::string(Job::name) + ", " + what;
    MESSAGE(of, ": ", worst, " apart");
    CHECK(worst <= band);
}

template <class Job>
inline constexpr double band = 1e-12;
template <class Layout>
inline constexpr double band<bf16_job<Layout>> = 1e-3;  // bf16 has 8 bits, and back ends sum in other orders

template <class Job>
void check_all(int k) {
    CAPTURE(std::string(Job::name));
    bool const small = Job::mesh::size <= 4;  // the others recorded alone
    record const cpu = on_cpu(k);
    CHECK(cpu.loss[steps - 1] < cpu.loss[0]);
    record const recorded = sharing<Job>();
    check_same<Job>("sharing, recorded", recorded, cpu, band<Job>);
    if (small) {
        graphs const off(false);
        record const eager = sharing<Job>();
        CHECK(recorded.loss == eager.loss);
        CHECK(recorded.norm == eager.norm);
        CHECK(recorded.evaluated == eager.evaluated);
    }
    if constexpr (by_nccl<Job>) {
        if (small) {
            graphs const off(false);
            check_same<Job>("NCCL, eager", processes<Job>(), cpu, band<Job>);
        }
        check_same<Job>("NCCL, recorded", processes<Job>(), cpu, band<Job>);
    }
}

template <class... Jobs>
void check_each(st::type_list<Jobs...>) {
    int k = 0;
    (check_all<Jobs>(k++), ...);
}

}  // namespace

TEST_CASE("layouts on the GPU back end learn what the CPU's do") { check_each(jobs{}); }

#ifndef SHARDTYPE_TEST_ON_DEVICE
TEST_CASE("no step allocates on the device") {
    using tried = job<layouts::tp_4>;
    st::cuda::run_sharing<tried>([](auto& t) {
        t.initialise(3);
        long before = 0;
        for (int s = 1; s <= steps; ++s) {
            st::step_numbers n;
            n.adamw.step = s;
            t.step(n, [](long, int* tokens, int* targets) {
                for (int i = 0; i < 16; ++i) tokens[i] = targets[i] = i;
            });
            if (s == 1) before = fake::call_count("cudaMalloc");
        }
        CHECK(fake::call_count("cudaMalloc") == before);
    });
}
#endif
