#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shardtype/train/metrics.hpp>
#include <shardtype/train/progress.hpp>

#include "settings.hpp"

struct automatic_choice;

/// One layout being trained.
struct run_report {
    shardtype::run_summary summary;
    std::vector<std::string_view> axes;
    std::vector<long> sizes;
    double matmul_flops = 0;     ///< the peak, per second, of all CPUs together
    double performed_flops = 0;  ///< per second
    std::vector<double> losses;
    std::vector<double> seconds;  ///< of each step
    double tokens = 0;            ///< of a step
    std::string extras;           ///< what of the layout is not as usual
    bool recomputes = false;
    long micro_batches = 1;
    std::vector<std::pair<long, double>> validation;  ///< step and loss
};

/// What a run says, as text or as JSON lines, and its record.
class report {
  public:
    explicit report(settings const& with);

    /// `held`: tokens that are evaluated and not trained on, from `held_source`.
    void data(std::string const& source, long tokens, bool bytes_of_text, int cpus, std::string const& held_source,
              long held);
    /// What `--layout auto` has chosen, and why.
    void planned(automatic_choice const& choice);
    void begin(run_report const& run);
    void step(run_report const& run, shardtype::step_metrics const& line);
    /// What an evaluation reads: so many batches, of `held` tokens.
    void evaluations(run_report const& run, long batches, long held);
    /// The loss on held-out text behind a step.
    void validation(run_report const& run, shardtype::step_metrics const& line);
    void end(run_report const& run, std::string const& profile);
    /// How many events of the trace found no room.
    void trace(std::string const& path, long lost);
    /// The table of all runs; of one global batch, also how far their losses are apart.
    void close(std::vector<run_report> const& runs, bool one_batch);

    /// The page for --report.
    static std::string page(settings const& with, std::vector<run_report> const& runs);

  private:
    settings const& with_;
    shardtype::progress_line progress_;
    bool json_;
};
