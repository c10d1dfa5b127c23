// The main of every benchmark program: Google Benchmark's, with what its rows mean, and rows as Markdown.

#include <shardtype/bench/program.hpp>
#include <shardtype/comm/thread/cpus.hpp>

namespace {

constexpr char const* columns =
    "Time, CPU: rank 0's mean; best_us, median_us: of blocks of calls between two barriers, wall time; GFLOP/s, GB/s: "
    "all ranks together, in the best block; limit_*: what this machine reached at best in this run; share: of it. The "
    "label names the limit, and the CPUs where ranks outnumber them";

void print_help() {
    std::printf(
        "A row is a benchmark of shardtype's types, on one thread for each rank of its mesh.\n\n%s.\n\n"
        "          [--markdown]  rows of a Markdown table, nothing else\n\n",
        columns);
    std::fflush(stdout);
    benchmark::PrintDefaultHelp();
}

}  // namespace

int main(int argc, char** argv) {
    return shardtype::bench::run_program(argc, argv, print_help, columns, "ranks",
                                         "threads, on " + std::to_string(shardtype::thread::usable_cpus()) + " CPUs");
}
