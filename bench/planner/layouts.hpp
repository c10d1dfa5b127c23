#pragma once

#include <memory>
#include <string>
#include <vector>

#include <shardtype/plan/cluster.hpp>
#include <shardtype/schedule/schedule.hpp>

namespace planner {

/// CPU seconds of the steps of a schedule, of one rank of all, for one training step.
using step_seconds = std::vector<double>;

/// A job whose ranks are threads that wait until they are asked to train.
class running_job {
  public:
    virtual ~running_job() = default;
    /// Trains so many steps. @returns seconds of one: time that other programs took of the CPUs is not counted, where
    /// the machine tells. @throws what a rank threw
    virtual double train(int steps) = 0;
    /// The same, each step of the schedule timed by itself: the mean over ranks.
    virtual step_seconds profile(int steps) = 0;
};

/// A uniform layout of the main job.
struct layout_case {
    std::string name;
    int ranks = 0;
    long arena_bytes = 0;  ///< of one rank
    int micro_batches = 1;
    bool overlaps = true;              ///< its collectives may run beside its kernels
    shardtype::schedule_view steps{};  ///< what a rank walks
    int axes = 0;
    int axis_size[shardtype::max_axes]{};
    std::unique_ptr<running_job> (*start)() = nullptr;
};

/// All of them; jobs.cpp.
std::vector<layout_case> all_layouts();

}  // namespace planner
