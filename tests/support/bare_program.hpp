#pragma once

#include <shardtype/runtime.hpp>

#include <vector>

namespace st = shardtype;

/// A job's program as a copy that a test may change, and a trainer's step without the job's type.
struct bare_program {
    std::vector<st::step> steps;
    std::vector<st::bound_step> bound;
    st::program_view view{};
    st::layout tokens{};
    st::batch_shape batch{};
    int axes = 0;
    int axis_size[st::max_axes]{};

    template <class Job>
    static bare_program of() {
        bare_program b;
        b.view = st::program_of<Job>;
        b.steps.assign(b.view.schedule.steps, b.view.schedule.steps + b.view.schedule.step_count);
        b.bound.assign(b.view.bound, b.view.bound + b.view.schedule.step_count);
        b.tokens = st::trainer<Job>::tokens_layout;
        b.batch = Job::batch;
        b.axes = Job::mesh::axes;
        for (int a = 0; a < b.axes; ++a) b.axis_size[a] = Job::mesh::axis_size[a];
        return b;
    }

    /// Runs f(walker&, step) on every rank; step(numbers, row) is trainer::step on this program.
    template <class F>
    void run(F f) {
        view.schedule.steps = steps.data();
        view.bound = bound.data();
        st::thread::world world(axis_size, axes, 2 * view.schedule.at.slots);
        world.run([&](st::thread::rank_communicators& comm) {
            st::walker w(view, comm);
            f(w, [&](st::step_numbers const& numbers, auto row) {
                st::landmarks const& at = view.schedule.at;
                w.context().numbers = numbers;
                w.step_once(1, [&](int) {
                    long const first = tokens.offset(0, comm.coordinate), rows = tokens.local(0);
                    for (long r = 0; r < rows; ++r)
                        row(first + r, w.at<int>(at.tokens) + r * batch.sequence,
                            w.at<int>(at.targets) + r * batch.sequence);
                });
                double const* const report = w.at<double>(at.report);
                return st::step_result{report[0], report[1]};
            });
        });
    }
};
