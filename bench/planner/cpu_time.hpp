#pragma once

#include <ctime>
#include <unistd.h>

#include <fstream>
#include <string>

#include <shardtype/comm/thread/cpus.hpp>
#include <shardtype/runtime/peak.hpp>

namespace planner {

/// How long something would have taken on the machine by itself: what this process ran and what nobody ran, over all
/// CPUs. Without other programs that is the wall time; it is taken where the system does not tell, or tells of other
/// CPUs.
class undisturbed_time {
  public:
    undisturbed_time() : begin_(now()) {}
    /// Since it was made.
    double seconds() const {
        sample const end = now();
        double const wall = end.wall - begin_.wall;
        if (!begin_.known || !end.known) return wall;
        double const mine = (end.own - begin_.own + end.idle - begin_.idle) / end.cpus;
        return mine < wall ? mine : wall;
    }
    /// The wall time's part that others took.
    double others() const {
        double const wall = shardtype::detail::now() - begin_.wall;
        return wall > 0 ? 1 - seconds() / wall : 0;
    }

  private:
    struct sample {
        double wall = 0, own = 0, idle = 0;
        int cpus = 0;
        bool known = false;
    };
    static sample now() {
        sample s;
        s.wall = shardtype::detail::now();
        timespec t{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        s.own = static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
        std::ifstream in("/proc/stat");
        std::string name, rest;
        double user, nice, system, idle, waiting;
        if (!(in >> name >> user >> nice >> system >> idle >> waiting)) return s;
        s.idle = (idle + waiting) / static_cast<double>(sysconf(_SC_CLK_TCK));
        std::getline(in, rest);
        while (in >> name && name.rfind("cpu", 0) == 0) {
            ++s.cpus;
            std::getline(in, rest);
        }
        s.known = s.cpus == shardtype::thread::usable_cpus();
        return s;
    }
    sample begin_;
};

}  // namespace planner
