// The main of every benchmark program: Google Benchmark's, with what its rows mean, and rows as Markdown.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

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

/// A number with three digits or more.
std::string digits(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", x < 10 ? 2 : x < 100 ? 1 : 0, x);
    return text;
}

class markdown : public benchmark::BenchmarkReporter {
  public:
    int failed = 0;
    bool ReportContext(Context const&) override { return true; }
    void ReportRuns(std::vector<Run> const& runs) override {
        for (Run const& run : runs) {
            if (run.run_type == Run::RT_Aggregate) continue;
            std::string line = "| `" + run.benchmark_name() + "` | ";
            if (run.error_occurred || !run.counters.contains("share")) {
                ++failed;
                line += (run.error_occurred ? run.error_message : "has no limit") + " | | | | | |";
            } else {
                line += digits(run.counters.at("best_us")) + " | " + digits(run.counters.at("median_us")) + " | ";
                for (auto const& [name, value] : run.counters)
                    if (name.starts_with("limit_"))
                        line += digits(run.counters.at(name.substr(6))) + " " + name.substr(6) + " | " + digits(value) +
                                " | ";
                line += digits(100 * run.counters.at("share")) + " % | " + run.report_label + " |";
            }
            std::printf("%s\n", line.c_str());
        }
        std::fflush(stdout);
    }
};

}  // namespace

int main(int argc, char** argv) {
    std::string command;
    bool as_markdown = false;
    int kept = 0;
    for (int i = 0; i < argc; ++i) {
        command += (i > 0 ? " " : "") + std::string(argv[i]);
        if (std::strcmp(argv[i], "--markdown") == 0)
            as_markdown = true;
        else
            argv[kept++] = argv[i];
    }
    argc = kept;
    argv[argc] = nullptr;
    benchmark::Initialize(&argc, argv, print_help);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::AddCustomContext("command", command);
    benchmark::AddCustomContext("ranks", "threads, on " + std::to_string(shardtype::thread::usable_cpus()) + " CPUs");
    benchmark::AddCustomContext("columns", columns);
    if (as_markdown) {
        markdown rows;
        if (benchmark::RunSpecifiedBenchmarks(&rows) == 0 || rows.failed > 0) return 1;
    } else if (benchmark::RunSpecifiedBenchmarks() == 0) {
        return 1;  // it has said that the filter matches nothing
    }
    benchmark::Shutdown();
}
