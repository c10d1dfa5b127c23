#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace shardtype::bench {

/// Rows of a Markdown table: best and median microseconds, the rate, its limit, the share, the label.
class markdown_rows : public benchmark::BenchmarkReporter {
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

  private:
    /// A number with three digits or more.
    static std::string digits(double x) {
        char text[32];
        std::snprintf(text, sizeof text, "%.*f", x < 10 ? 2 : x < 100 ? 1 : 0, x);
        return text;
    }
};

/// A benchmark program: Google Benchmark's main with what its columns mean, where it runs, and --markdown. Its exit code.
inline int run_program(int argc, char** argv, void (*help)(), char const* columns, char const* place_name,
                       std::string const& place) {
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
    benchmark::Initialize(&argc, argv, help);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::AddCustomContext("command", command);
    benchmark::AddCustomContext(place_name, place);
    benchmark::AddCustomContext("columns", columns);
    if (as_markdown) {
        markdown_rows rows;
        if (benchmark::RunSpecifiedBenchmarks(&rows) == 0 || rows.failed > 0) return 1;
    } else if (benchmark::RunSpecifiedBenchmarks() == 0) {
        return 1;  // it has said that the filter matches nothing
    }
    benchmark::Shutdown();
    return 0;
}

}  // namespace shardtype::bench
