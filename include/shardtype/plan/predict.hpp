#pragma once

#include <shardtype/plan/step_cost.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype {

/// What a training step of one rank takes.
struct prediction {
    long time = 0;           ///< ns
    long compute = 0;        ///< ns of it: kernels
    long communication = 0;  ///< ns of collectives, whether or not kernels run meanwhile
    long exposed = 0;        ///< ns of these that no kernel hides: time - compute
    long memory = 0;         ///< bytes of the arena; 0 of a schedule that has no places yet
};

namespace detail {

/// Which buffers hold gradients of parameters on their way to where the optimiser takes them.
struct gradient_traffic {
    bool bound[schedule_builder::max_buffers]{};  ///< by buffer

    /// From the last step back: what a collective, a copy or a cut moves to a gradient is one too.
    template <class Schedule>
    constexpr explicit gradient_traffic(Schedule const& b) {
        for (int i = 0; i < b.buffer_count; ++i) bound[i] = b.buffers[i].is == buffer_class::gradient;
        for (int k = 0; k < b.parameter_count; ++k)
            if (b.parameters[k].summed >= 0) bound[b.parameters[k].summed] = true;
        for (int i = b.step_count - 1; i >= 0; --i) {
            step const& s = b.steps[i];
            if (s.args < 2 || !bound[s.arg[1].buffer] || !moves(s)) continue;
            if (b.buffers[s.arg[0].buffer].is == buffer_class::local) bound[s.arg[0].buffer] = true;
        }
    }
    static constexpr bool moves(step const& s) {
        return s.kind == step_kind::collective_start ||
               (s.kind == step_kind::kernel &&
                (s.kernel == id_of<kernels::copy> || s.kernel == id_of<kernels::resize> ||
                 s.kernel == id_of<kernels::slice> || s.kernel == id_of<kernels::mask>));
    }
};

}  // namespace detail

/// Which collectives of a schedule are parameters': their gathers (`materialize`), and the reductions of their gradients,
/// told by where they lead. No kernel of the same layer waits for those longer than the schedule can help.
struct parameter_collectives {
    /// @cond
    detail::gradient_traffic gradients;
    /// @endcond
    /// Of a `schedule_builder` or a `schedule_view`.
    template <class Schedule>
    constexpr explicit parameter_collectives(Schedule const& b) : gradients(b) {}
    /// Whether this step starts one.
    constexpr bool has(step const& s) const {
        return s.kind == step_kind::materialize ||
               (s.kind == step_kind::collective_start && gradients.bound[s.arg[1].buffer]);
    }
};

/// How often a step runs when its segment is walked.
constexpr long trips_of(segment const& g, step const& s) {
    long const from = s.from > 0 ? s.from : 0, to = s.to < g.trips ? s.to : g.trips;
    return to > from ? to - from : 0;
}

namespace detail {

template <class Schedule>
constexpr prediction predict_steps(Schedule const& b, int micro_batches, cluster const& c) {
    prediction p;
    p.memory = b.at.arena_bytes;
    parameter_collectives const of_parameters(b);
    for (int k = 0; k < b.segment_count; ++k) {
        segment const& g = b.segments[k];
        if (g.when == segment_kind::set_up) continue;
        long kernels = 0, behind = 0, others = 0;
        for (int i = g.begin; i < g.end; ++i) {
            step const& s = b.steps[i];
            if (s.kind == step_kind::kernel)
                kernels += trips_of(g, s) * kernel_time(c.on, s);
            else if (!starts_collective(s))
                continue;
            else if (of_parameters.has(s))
                behind += trips_of(g, s) * collective_time(c, s);
            else
                others += trips_of(g, s) * collective_time(c, s);
        }
        bool const repeats = g.when == segment_kind::forward || g.when == segment_kind::backward;
        long const times = repeats ? micro_batches : 1, front = kernels + others;
        p.compute += times * kernels;
        p.communication += times * (behind + others);
        p.time += times * (!c.on.overlaps ? front + behind : front > behind ? front : behind);
    }
    p.exposed = p.time - p.compute;
    return p;
}

/// Where the job keeps its collectives in one place, none runs beside a kernel.
template <class Job>
constexpr cluster cluster_for(hardware on) {
    on.overlaps = on.overlaps && overlaps<Job>;
    return cluster_of<typename Job::mesh>(on);
}

template <class Job, hardware H, class BackEnd>
constexpr prediction predict_job() {
    if constexpr (!lowered<Job, BackEnd>::accepted)
        return {};
    else
        return predict_steps(view_of(lowered<Job, BackEnd>::value), checked<Job>::value.micro_batches,
                             cluster_for<Job>(H));
}

}  // namespace detail

/// The step time of a schedule: segments times their trips times micro-batches, without set-up. In a segment parameters'
/// collectives run behind everything else where the hardware overlaps, all other collectives between the kernels: the time
/// is max(kernels + others, parameters').
/// @{
constexpr prediction predict(schedule_builder const& b, int micro_batches, cluster const& c) {
    return detail::predict_steps(b, micro_batches, c);
}
constexpr prediction predict(schedule_view const& s, int micro_batches, cluster const& c) {
    return detail::predict_steps(s, micro_batches, c);
}
/// @}

/// The prediction for a job on such devices, from the schedule that its ranks walk.
template <class Job, hardware H, class BackEnd = buffers_only>
inline constexpr prediction predicted = detail::predict_job<Job, H, BackEnd>();

}  // namespace shardtype
