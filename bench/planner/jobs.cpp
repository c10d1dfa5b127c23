// The uniform layouts of the main job that bench/planner/layouts.sh measures, and the ranks that train them.

#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "../../examples/06_train_llama/llama_job.hpp"
#include "cpu_time.hpp"
#include "layouts.hpp"

namespace {

/// Where ranks wait for orders, and the one who gives them for the result.
class orders {
  public:
    struct order {
        int steps = 0;  ///< 0: leave
        bool profiled = false;
    };
    /// The order after number `seen`, which is counted up.
    order next(long& seen) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return given_ > seen; });
        seen = given_;
        return order_;
    }
    void done(double seconds) {
        std::lock_guard const lock(mutex_);
        seconds_ = seconds;
        done_ = given_;
        changed_.notify_all();
    }
    void failed(std::exception_ptr const& why) {
        std::lock_guard const lock(mutex_);
        failure_ = why;
        changed_.notify_all();
    }
    void leave() { give({}); }
    double give_and_wait(order o) {
        give(o);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_ == given_ || failure_; });
        if (failure_) std::rethrow_exception(failure_);
        return seconds_;
    }

  private:
    void give(order o) {
        std::lock_guard const lock(mutex_);
        order_ = o;
        ++given_;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    order order_;
    long given_ = 0, done_ = 0;
    double seconds_ = 0;
    std::exception_ptr failure_;
};

template <class Job>
class threads_of final : public planner::running_job {
  public:
    threads_of() : all_([this] { run(); }) {}
    ~threads_of() override {
        orders_.leave();
        all_.join();
    }
    double train(int steps) override { return orders_.give_and_wait({steps, false}); }
    planner::step_seconds profile(int steps) override {
        sums_.assign(static_cast<std::size_t>(st::program_of<Job>.schedule.step_count), 0);
        (void)orders_.give_and_wait({steps, true});
        for (double& s : sums_) s /= static_cast<double>(steps) * Job::mesh::size;
        return sums_;
    }

  private:
    void run() {
        try {
            st::run<Job>([this](st::trainer<Job>& t) { obey(t); });
        } catch (...) {
            orders_.failed(std::current_exception());
        }
    }
    void obey(st::trainer<Job>& t) {
        t.initialise(42);
        st::thread::communicator const& all = t.comm().all;
        long seen = 0, step = 0;
        for (;;) {
            auto const order = orders_.next(seen);
            if (order.steps == 0) return;
            if (order.profiled) t.walk().start_profile();
            all.barrier();
            planner::undisturbed_time const time;
            for (int i = 0; i < order.steps; ++i) {
                st::step_numbers numbers;
                numbers.adamw = {1e-4, 0.9, 0.95, 1e-8, 0.1, ++step};
                (void)t.step(numbers, [](long row, int* tokens, int* targets) {
                    for (long k = 0; k < Job::batch.sequence; ++k) {
                        tokens[k] = static_cast<int>((row * 7919 + k * 104'729) % st::trainer<Job>::vocabulary);
                        targets[k] = static_cast<int>((row * 7919 + (k + 1) * 104'729) % st::trainer<Job>::vocabulary);
                    }
                });
            }
            all.barrier();
            double const seconds = time.seconds() / order.steps;
            if (order.profiled) {
                std::lock_guard const lock(sums_mutex_);
                for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += t.walk().profile()[i];
            }
            all.barrier();
            if (t.rank() == 0) orders_.done(seconds);
        }
    }
    orders orders_;
    planner::step_seconds sums_;
    std::mutex sums_mutex_;
    std::thread all_;  // last: it uses the others
};

template <st::fixed_string Text>
planner::layout_case layout_of() {
    using job = llama_job<Text>;
    planner::layout_case c;
    c.name = job::spec.name();
    if (c.name.rfind("dp_", 0) == 0 && job::spec.zero_stage < 3)
        c.name += ",zero_stage=" + std::to_string(job::spec.zero_stage);
    if (job::spec.recompute > 0)
        c.name += job::spec.recompute == 1 ? ",recompute" : ",recompute=" + std::to_string(job::spec.recompute);
    c.ranks = job::mesh::size;
    c.arena_bytes = st::trainer<job>::arena_bytes;
    c.micro_batches = job::batch.micro_batches;
    c.overlaps = st::detail::overlaps<job>;
    c.steps = st::program_of<job>.schedule;
    c.axes = job::mesh::axes;
    for (int a = 0; a < c.axes; ++a) c.axis_size[a] = job::mesh::axis_size[a];
    c.start = [] { return std::unique_ptr<planner::running_job>(std::make_unique<threads_of<job>>()); };
    return c;
}

template <st::fixed_string... Texts>
std::vector<planner::layout_case> layouts_of() {
    std::vector<planner::layout_case> all;
    (all.push_back(layout_of<Texts>()), ...);
    return all;
}

}  // namespace

std::vector<planner::layout_case> planner::all_layouts() {
    return layouts_of<"dp_shard=8", "dp_shard=8,zero_stage=2", "dp_shard=8,zero_stage=1", "dp_replicate=8",  //
                      "dp_replicate=2,dp_shard=4", "dp_replicate=4,dp_shard=2",                              //
                      "dp_shard=4,tp=2", "dp_shard=2,tp=4", "tp=8",                                          //
                      "dp_shard=4,tp=2,plain", "dp_shard=2,tp=4,plain", "tp=8,plain",                        //
                      "dp_shard=4,tp=2,zero_stage=1", "dp_shard=2,tp=4,zero_stage=2",                        //
                      "dp_replicate=4,tp=2", "dp_replicate=2,tp=4", "dp_replicate=2,tp=4,plain",             //
                      "dp_replicate=2,dp_shard=2,tp=2", "dp_replicate=2,dp_shard=2,tp=2,plain",              //
                      "dp_shard=8,recompute", "dp_shard=8,recompute=2", "dp_replicate=8,recompute",          //
                      "dp_shard=2,tp=4,recompute", "tp=8,recompute">();
}
