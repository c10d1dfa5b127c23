#pragma once

#include <ctime>

#include <memory>
#include <utility>
#include <vector>

#include <shardtype/runtime/back_end.hpp>
#include <shardtype/runtime/device.hpp>
#include <shardtype/runtime/program.hpp>
#include <shardtype/runtime/trace.hpp>

namespace shardtype {

/// One rank's executor: its device, what was prepared at set-up, and the walk over the schedule. It knows no operation
/// and no communicator: `walker_on` makes it.
class walker {
  public:
    walker(walker const&) = delete;
    walker& operator=(walker const&) = delete;

    /// One training step: every micro-batch forward and backward, then the optimizer. `fill(micro_batch)` is called
    /// before each micro-batch to place its inputs.
    template <class Fill>
    void step_once(int micro_batches, Fill fill) {
        device_->numbers(*context_);
        for (int m = 0; m < micro_batches; ++m) {
            fill(m);
            part(m == 0 ? walk_part::first : walk_part::later, m, [&] {
                if (m == 0) walk_all(segment_kind::begin_step);
                walk_all(segment_kind::forward);
                walk_all(segment_kind::backward);
            });
        }
        part(walk_part::end, micro_batches, [&] {
            walk_all(segment_kind::report);
            walk_all(segment_kind::update);
        });
    }
    /// The forward of a step, up to the loss over all ranks; no state changes.
    template <class Fill>
    void evaluate_once(int micro_batches, Fill fill) {
        for (int m = 0; m < micro_batches; ++m) {
            fill(m);
            part(m == 0 ? walk_part::first_evaluated : walk_part::later_evaluated, m, [&] {
                if (m == 0) walk_all(segment_kind::begin_step);
                walk_all(segment_kind::forward);
            });
        }
        part(walk_part::end_evaluated, micro_batches, [&] { walk_all(segment_kind::report); });
    }

    /// The address of a buffer's slot, on the device.
    template <class T>
    T* at(short index, int slot = 0) const {
        return static_cast<T*>(address({index, static_cast<short>(slot), accumulate::write}, 0));
    }
    /// From now on the CPU seconds of every step are added up, one number per step of the schedule. Neither this nor
    /// `record` sees steps that a GPU replays: SHARDTYPE_CUDA_GRAPHS=0.
    void start_profile() { seconds_.assign(static_cast<std::size_t>(program_.schedule.step_count), 0); }
    /// These sums; empty before `start_profile`.
    std::vector<double> const& profile() const { return seconds_; }

    /// From now on `into` is told of every step while it is open; null: nobody is. It must outlive the walks.
    void record(trace_recorder* into) { trace_ = into; }

    /// What kernels see of this rank.
    /// @{
    rank_context& context() { return *context_; }
    rank_context const& context() const { return *context_; }
    /// @}
    /// What it walks.
    program_view const& program() const { return program_; }
    /// Where it runs.
    device& on() const { return *device_; }

  protected:
    /// On a device with room for the arena.
    walker(program_view const& p, std::unique_ptr<device> made) : program_(p), device_(std::move(made)) {
        base_ = device_->data();
    }
    ~walker() = default;

    /// Makes what the steps want at set-up, and walks the segments of set-up.
    void set_up(rank_context& context) {
        context_ = &context;
        device_->set_up(context);
        prepared_.resize(static_cast<std::size_t>(program_.schedule.step_count));
        for (int i = 0; i < program_.schedule.step_count; ++i) {
            if (program_.bound[i].prepare == nullptr) continue;
            step const& s = program_.schedule.steps[i];
            void* operands[max_arguments];
            find(s, 0, operands);
            prepared_[static_cast<std::size_t>(i)] = program_.bound[i].prepare(context, s, operands);
        }
        walk_all(segment_kind::set_up);
    }

  private:
    void* address(argument const& a, int trip) const {
        buffer const& b = program_.schedule.buffers[a.buffer];
        return base_ + b.offset + b.stride * ((trip + a.shift) % b.period);
    }
    // Where a step's operands and scratch lie.
    void find(step const& s, int layer, void** operands) const {
        for (int k = 0; k < s.args; ++k) operands[k] = address(s.arg[k], layer);
        execution& exec = context_->exec;
        exec.scratch = nullptr;
        exec.scratch_bytes = 0;
        if (s.scratch < 0) return;
        buffer const& scratch = program_.schedule.buffers[s.scratch];
        exec.scratch = base_ + scratch.offset;
        exec.scratch_bytes = static_cast<std::size_t>(scratch.bytes);
    }

    template <class Walk>
    void part(walk_part which, int micro_batch, Walk walk) {
        context_->micro_batch = micro_batch;
        if (!device_->begin(which)) return;
        walk();
        device_->end(which);
    }

    void walk_all(segment_kind when) {
        schedule_view const& s = program_.schedule;
        for (int g = 0; g < s.segment_count; ++g)
            if (s.segments[g].when == when) walk(s.segments[g]);
    }

    void walk(segment const& g) {
        for (int t = 0; t < g.trips; ++t) {
            context_->trip = t;
            int const layer = g.reverse ? g.trips - 1 - t : t;
            for (int i = g.begin; i < g.end; ++i) {
                step const& s = program_.schedule.steps[i];
                if (s.kind == step_kind::release || t < s.from || t >= s.to) continue;
                void* operands[max_arguments];
                find(s, layer, operands);
                auto const index = static_cast<std::size_t>(i);
                double const before = seconds_.empty() ? 0 : cpu_seconds();
                bool const traced = trace_ != nullptr && trace_->open();
                std::int64_t const begin = traced ? trace_recorder::now() : 0;
                program_.bound[i].run(*context_, s, operands, prepared_[index].get());
                if (traced) trace_->add(i, layer, context_->micro_batch, begin, trace_recorder::now());
                if (!seconds_.empty()) seconds_[index] += cpu_seconds() - before;
            }
        }
    }

    /// Time that this thread ran, not time that it waited for a core: ranks may outnumber the cores.
    static double cpu_seconds() {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
    }

    program_view const& program_;
    std::vector<double> seconds_;
    trace_recorder* trace_ = nullptr;
    std::unique_ptr<device> device_;
    char* base_ = nullptr;
    rank_context* context_ = nullptr;
    std::vector<std::unique_ptr<prepared>> prepared_;
};

/// The walker of a rank on these communicators.
template <mesh_communicators Communicators>
class walker_on : public walker {
    static_assert(max_axes == Communicators::max_axes);

  public:
    /// Allocates the arena, makes what the steps want at set-up, and walks the segments of set-up. On the rank's own
    /// thread. The program must outlive it.
    /// @throws std::runtime_error where memory or a library refuses
    walker_on(program_on<Communicators> const& p, Communicators const& comm)
        : walker(p, implementation<back_end_of<Communicators>>::make_device(p.schedule.at.arena_bytes, comm)),
          in_use_(comm, p.schedule.at.staging < 0 ? nullptr : at<std::byte>(p.schedule.at.staging)),
          rank_(comm) {
        set_up(rank_);
    }
    /// What joins this rank to the others.
    [[nodiscard]] Communicators const& comm() const { return rank_.comm; }

  private:
    typename Communicators::in_use in_use_;  // goes before the arena does
    rank_on<Communicators> rank_;
};

}  // namespace shardtype
