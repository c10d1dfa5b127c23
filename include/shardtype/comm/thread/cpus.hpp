#pragma once

#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace shardtype::thread {

namespace detail {

/// CPUs that a quota of one cgroup directory grants: v2's `cpu.max`, v1's `cpu.cfs_quota_us`; 0 where there is none.
inline double quota_of(std::string const& directory) {
    double quota = -1;
    double period = 0;
    if (std::ifstream file(directory + "/cpu.max"); file >> quota >> period && quota > 0 && period > 0)
        return quota / period;  // "max 100000" does not parse: no quota
    std::ifstream quota_file(directory + "/cpu.cfs_quota_us");
    std::ifstream period_file(directory + "/cpu.cfs_period_us");
    if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) return quota / period;
    return 0;
}

/// The smallest quota on the way from `root + path` up to `root` (a parent's quota binds its children).
inline double smallest_quota(std::string const& root, std::string path) {
    double least = 0;
    for (;;) {
        double const here = quota_of(root + path);
        if (here > 0 && (least == 0 || here < least)) least = here;
        if (path.empty()) return least;
        auto const slash = path.find_last_of('/');
        path.erase(slash == std::string::npos ? 0 : slash);
    }
}

/// The CPU quota of this process in either version of cgroups; 0 where there is none. `table` is /proc/self/cgroup.
inline double cgroup_quota(std::istream& table, std::string const& mount) {
    double least = 0;
    for (std::string entry; std::getline(table, entry);) {  // hierarchy:controllers:path
        auto const first = entry.find(':');
        auto const second = entry.find(':', first == std::string::npos ? first : first + 1);
        if (second == std::string::npos) continue;
        std::string const controllers = entry.substr(first + 1, second - first - 1);
        std::string path = entry.substr(second + 1);
        if (path == "/") path.clear();
        if (!controllers.empty() && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
        // Inside a container the path may be the host's; the walk up then still finds the container's own root.
        for (char const* const sub : {"", "/unified", "/cpu", "/cpu,cpuacct"}) {
            double const here = smallest_quota(mount + sub, path);
            if (here > 0 && (least == 0 || here < least)) least = here;
        }
    }
    return least;
}

}  // namespace detail

/// CPUs that this process can keep busy: its affinity mask, cut to its cgroup's quota (rounded down), at least 1.
inline int usable_cpus() {
    int cpus = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) cpus = CPU_COUNT(&mask);
    std::ifstream table("/proc/self/cgroup");
    if (double const quota = detail::cgroup_quota(table, "/sys/fs/cgroup"); quota > 0 && quota < cpus)
        cpus = static_cast<int>(quota);
#endif
    return cpus > 0 ? cpus : 1;
}

}  // namespace shardtype::thread
