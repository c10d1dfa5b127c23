#pragma once

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <shardtype/comm/thread/cpus.hpp>

/// What this machine has, and can do.
struct machine {
    int cpus = shardtype::thread::usable_cpus();
    double memory_bytes = usable_memory();
    double matmul_flops = 0;  ///< per second, all CPUs; 0 until measured

    /// The machine's memory, or less where the control group has a limit.
    static double usable_memory() {
        double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
        double limit = 0;
        if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
        return bytes;
    }
};
