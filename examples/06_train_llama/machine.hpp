#pragma once

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <shardtype/comm/thread/cpus.hpp>

/// What this machine has, and can do; CPUs and flops are of all machines of a run.
struct machine {
    int cpus = shardtype::thread::usable_cpus();
    double memory_bytes = usable_memory();
    double matmul_flops = 0;  ///< per second, all CPUs; 0 until measured
    int processes = 0;        ///< of the run on this machine, one rank each; 0: all ranks are threads of this one

    /// How many of a layout's ranks this machine has.
    double ranks_here(long ranks) const { return static_cast<double>(processes > 0 ? processes : ranks); }

    /// The machine's memory, or less where the control group has a limit.
    static double usable_memory() {
        double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
        double limit = 0;
        if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
        return bytes;
    }
};
