#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <memory>
#include <vector>

#include <shardtype/runtime.hpp>

/// Seconds of a clock that never goes back.
inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What this machine has and can do.
struct machine {
    int cpus = shardtype::thread::usable_cpus();
    double memory_bytes = usable_memory();
    double matmul_flops = 0;  ///< per second; 0 until measured

    /// The machine's memory, or less where the control group has a limit.
    static double usable_memory() {
        double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
        double limit = 0;
        if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
        return bytes;
    }

    /// The best float32 product of 1024 x 1024 x 1024 that oneDNN does on all CPUs together, of several tries: other
    /// programs may run beside us.
    void measure_matmul() {
        namespace st = shardtype;
        constexpr long n = 1024;
        int const ranks = std::min(cpus, st::thread::communicator::max_size);
        int const axis[] = {ranks};
        st::thread::world world(axis, 1, 2);
        world.run([&](st::thread::rank_communicators& comm) {
            st::cpu::use_threads(1);
            st::cpu::gemm<float> const product(n, n, n, false, false, false);
            std::vector<float> a(n * n), b(n * n), c(n * n);
            std::vector<float> scratch(static_cast<std::size_t>(product.scratch_bytes()) / sizeof(float) + 32);
            for (std::size_t i = 0; i < a.size(); ++i) a[i] = b[i] = static_cast<float>(i % 17) - 8;
            auto const bytes = static_cast<std::size_t>(product.scratch_bytes());
            void* aligned = scratch.data();
            std::size_t room = scratch.size() * sizeof(float);
            std::align(64, bytes, aligned, room);
            st::execution const exec{aligned, bytes};
            for (int round = 0; round < 8; ++round) {
                comm.all.barrier();
                double const start = now();
                for (int i = 0; i < 4; ++i) product(exec, a.data(), b.data(), c.data());
                comm.all.barrier();
                double const rate = 4 * 2.0 * static_cast<double>(n * n * n) * ranks / (now() - start);
                if (comm.rank == 0 && round > 1 && rate > matmul_flops) matmul_flops = rate;
            }
        });
    }
};
