#pragma once

#include <shardtype/model/training_job.hpp>
#include <shardtype/plan/hardware.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype {

/// The bytes that one rank of a job allocates.
struct rank_memory {
    long parameters = 0;        ///< this rank's shards
    long gradients = 0;         ///< of them
    long optimizer_states = 0;  ///< AdamW's two moments
    long activations = 0;       ///< all else: activations, gathered parameters, staging of collectives, inputs

    /// Their sum, the `arena_bytes` of the job.
    constexpr long total() const { return parameters + gradients + optimizer_states + activations; }
};

namespace detail {

/// No rank has more, and in 63 bits there is room to compute up to there.
inline constexpr double largest_memory = 1e16;

/// Roughly the bytes of a rank, to tell absurd sizes before they overflow.
constexpr double rough_memory(job const& j, parallel_dims const& d) {
    auto const real = [](long n) { return static_cast<double>(n); };
    double const tokens = real(j.local_batch_size) * real(j.seq_len), width = real(j.model.dim + j.model.ffn_dim);
    double const layers = j.model.layers, dim = real(j.model.dim), vocabulary = real(j.model.vocabulary);
    double const all = tokens * real(d.data_parallel_degree());
    return all * (layers * width + vocabulary) + layers * dim * width + vocabulary * dim;
}

template <class Job>
constexpr rank_memory memory_of_job() {
    if constexpr (!Job::accepted) {
        return {};
    } else if constexpr (rough_memory(Job::knobs, Job::dims) > largest_memory) {
        return {0, 0, 0, 1L << 60};
    } else {
        constexpr landmarks at =
            lower<library_operations>(checked<Job>::value, &no_scratch, (Job::gradient_accumulation_steps > 1)).at;
        constexpr long state = at.state_bytes;
        return {state, state, 2 * state, at.arena_bytes - 4 * state};
    }
}

}  // namespace detail

/// The bytes of one rank of a `training_job`, from its own schedule: float32, nothing recomputed, every buffer at its
/// place. Exact but for the scratch of kernels, which a back end adds. About 0.1 s of compile time.
/// @snippet 07_check_configuration/main.cpp memory
template <class Job>
inline constexpr rank_memory memory_of = detail::memory_of_job<Job>();

namespace detail {

template <class Job>
constexpr job with_local_batch(long rows) {
    job j = with_knob(Job::knobs, {knob::local_batch_size, rows});
    if (j.global_batch_size != -1) j.global_batch_size = rows * Job::data_parallel_degree;
    return j;
}
template <class Job, long Rows>
struct smaller {
    static constexpr job knobs = with_local_batch<Job>(Rows);
    static constexpr long total = memory_of<training_job<knobs>>.total();
};

/// The largest local batch that fits, where memory grows by the same for each sequence; 0: not even one does.
template <class Job, hardware H>
constexpr long fitting_batch() {
    constexpr long rows = Job::knobs.local_batch_size, now = memory_of<Job>.total();
    if constexpr (rows == 1 || now >= 1L << 60) {
        return 0;
    } else {
        constexpr long one = smaller<Job, 1>::total, more = (now - one) / (rows - 1);
        if constexpr (one > H.usable()) return 0;
        constexpr long guess = more > 0 ? 1 + (H.usable() - one) / more : rows;
        constexpr long most = guess < 1 ? 1 : guess < rows ? guess : rows - 1;
        return smaller<Job, most>::total <= H.usable() ? most : 1;
    }
}

template <long Rows>
constexpr auto memory_fix() {
    if constexpr (Rows > 0)
        return write<knobs::local_batch_size<Rows>>{};
    else
        return knobs::more_devices{};
}

template <class Job, hardware H>
constexpr auto report_memory() {
    constexpr rank_memory m = memory_of<Job>;
    constexpr long rows = fitting_batch<Job, H>();
    raise<ST_J715<decltype(memory_fix<rows>()), knobs::parameters<m.parameters>, knobs::gradients<m.gradients>,
                  knobs::optimizer_states<m.optimizer_states>, knobs::activations<m.activations>,
                  knobs::device_memory<H.memory>, knobs::reserved<H.reserved>>>();
    return 0;
}

template <class Job, hardware H>
constexpr bool check_memory() {
    if constexpr (memory_of<Job>.total() > H.usable()) failed<decltype(report_memory<Job, H>())>();
    return true;
}

}  // namespace detail

/// That a `training_job` fits into the memory of a device, written `static_assert(fits<job, h100_sxm>)`. To ask without
/// an error: `memory_of<job>.total() <= h100_sxm.usable()`.
/// @pre memory_of<Job> is at most H.usable() [ST-J715]
/// @snippet 07_check_configuration/main.cpp job
template <class Job, hardware H>
inline constexpr bool fits = detail::check_memory<Job, H>();

}  // namespace shardtype
