#pragma once

#include <shardtype/runtime.hpp>

#include <memory>
#include <vector>

namespace st = shardtype;

/// A job's program as a copy that a test may change, and a trainer's step without the job's type.
struct bare_program {
    std::vector<st::step> steps;
    std::vector<st::bound_step> bound;
    st::program_on<> view{};
    st::layout tokens{};
    st::batch_shape batch{};
    int axes = 0;
    int axis_size[st::max_axes]{};
    st::verdict says{};                           ///< of one that was lowered here
    std::shared_ptr<st::schedule_builder> built;  ///< its buffers and segments

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

    /// A model under a strategy, read and lowered here: what the compiler would run.
    template <class Model, class T>
    static bare_program lowered(st::model_strategy const& how, st::batch_shape rows) {
        auto const g = std::make_unique<st::graph>(st::read_model<Model>(how, rows, st::dtype_of<T>));
        bare_program b;
        b.says = g->says;
        if (!g->ok()) return b;
        b.built = std::make_shared<st::schedule_builder>(
            st::detail::lower<st::library_operations>(*g, st::cpu_back_end::scratch));
        st::schedule_builder const& s = *b.built;
        b.says = s.says;
        if (!s.says.legal()) return b;
        b.view.schedule = {s.steps,        s.buffers,       s.segments,        s.parameters, s.step_count,
                           s.buffer_count, s.segment_count, s.parameter_count, s.at};
        b.steps.assign(s.steps, s.steps + s.step_count);
        for (st::step const& t : b.steps)
            b.bound.push_back(t.kind == st::step_kind::release ? st::bound_step{}
                                                               : st::detail::bind_step<T>(st::library_kernels{}, t));
        b.tokens = g->at(g->tokens);
        b.batch = rows;
        b.axes = how.whole.axes;
        for (int a = 0; a < b.axes; ++a) b.axis_size[a] = how.whole.axis_size[a];
        return b;
    }

    /// Runs f(walker&, step) on every rank; step(numbers, row) is trainer::step on this program.
    template <class F>
    void run(F f) {
        view.schedule.steps = steps.data();
        view.bound = bound.data();
        st::thread::world world(axis_size, axes, 2 * view.schedule.at.slots);
        world.run([&](st::thread::rank_communicators& comm) {
            st::walker_on<st::thread::rank_communicators> w(view, comm);
            f(w, [&](st::step_numbers const& numbers, auto row) {
                st::landmarks const& at = view.schedule.at;
                w.context().numbers = numbers;
                w.step_once(batch.micro_batches, [&](int m) {
                    long const first = m * (batch.global / batch.micro_batches) + tokens.offset(0, comm.coordinate);
                    long const rows = tokens.local(0);
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
