#pragma once

#include <shardtype/model/training_job.hpp>
#include <shardtype/mesh/hardware.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype {

/// The bytes that one rank of a job allocates.
struct rank_memory {
    long parameters = 0;        ///< this rank's shards
    long gradients = 0;         ///< of them
    long optimizer_states = 0;  ///< AdamW's two moments
    /// All else: activations, gathered parameters, inputs; with a back end the scratch of its kernels and the staging of
    /// its collectives.
    long activations = 0;

    /// Their sum; with a back end, the `arena_bytes` of the job there.
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

/// Of a model that was read.
template <class BackEnd = buffers_only>
constexpr rank_memory memory_of_graph(graph const& g, bool overlap = true) {
    landmarks const at =
        lower<library_operations>(g, BackEnd::scratch, overlap, staging_of<BackEnd>(g.policy.axes), room_of<BackEnd>)
            .at;
    return {at.state_bytes, at.state_bytes, 2 * at.state_bytes, at.arena_bytes - 4 * at.state_bytes};
}

template <class Job, class BackEnd>
constexpr rank_memory memory_of_job() {
    if constexpr (!Job::accepted) {
        return {};
    } else if constexpr (rough_memory(Job::knobs, Job::dims) > largest_memory) {
        return {0, 0, 0, 1L << 60};
    } else {
        constexpr rank_memory bytes = memory_of_graph<BackEnd>(checked<Job>::value, overlaps<Job>);
        return bytes;
    }
}

}  // namespace detail

/// The bytes of one rank of a `training_job`, from its own schedule, every buffer at its place, with the job's precision,
/// ZeRO stage, micro-batches and recomputed blocks. With a back end, such as `cpu_back_end`, it is the arena; without one the
/// scratch of its kernels (tens of MiB) and what its collectives copy aside come on top. About 0.1 s of compile time.
/// @snippet 07_check_configuration/main.cpp memory
template <class Job, class BackEnd = buffers_only>
inline constexpr rank_memory memory_of = detail::memory_of_job<Job, BackEnd>();

namespace detail {

constexpr job recomputing(job j) {
    j.activation_checkpoint = checkpoint_mode::full;
    return j;
}

/// The bytes of a rank with another local batch; the global one, if it is given, stays what it is or becomes Global. Again:
/// all blocks are recomputed.
template <class Job, class BackEnd, long Rows, long Global = Job::knobs.global_batch_size, bool Again = false>
struct smaller {
    static constexpr job from = Again ? recomputing(Job::knobs) : Job::knobs;
    static constexpr job knobs =
        with_knob(with_knob(from, {knob::local_batch_size, Rows}), {knob::global_batch_size, Global});
    static constexpr long total = memory_of<training_job<knobs>, BackEnd>.total();
};

/// The largest number up to `most` that divides n.
constexpr long divisor_up_to(long most, long n) {
    while (n % most != 0) --most;
    return most;
}

/// The largest local batch that fits and divides the global one, where memory grows by the same for each sequence;
/// 0: not even one does.
template <class Job, hardware H, class BackEnd>
constexpr long fitting_batch() {
    constexpr long rows = Job::knobs.local_batch_size, ranks = Job::data_parallel_degree;
    constexpr bool given = Job::knobs.global_batch_size != -1;
    if constexpr (rows == 1 || memory_of<Job, BackEnd>.total() >= 1L << 60) {
        return 0;
    } else {
        // With a given global batch every smaller local one accumulates gradients: compare those that do.
        constexpr long one = smaller < Job, BackEnd, 1, given ? 2 * ranks : -1 > ::total;
        constexpr long two = smaller < Job, BackEnd, 2, given ? 4 * ranks : -1 > ::total;
        if constexpr (one > H.usable()) return 0;
        constexpr long guess = two > one ? 1 + (H.usable() - one) / (two - one) : rows;
        constexpr long most = guess < 1 ? 1 : guess < rows ? guess : rows - 1;
        constexpr long even = given ? divisor_up_to(most, Job::knobs.global_batch_size / ranks) : most;
        return smaller<Job, BackEnd, even>::total <= H.usable() ? even : 1;
    }
}

template <class Job, hardware H, class BackEnd>
constexpr auto memory_fix() {
    constexpr long rows = fitting_batch<Job, H, BackEnd>(), given = Job::knobs.local_batch_size;
    if constexpr (rows > 0)
        return write<knobs::local_batch_size<rows>>{};
    else if constexpr (smaller<Job, BackEnd, given, Job::knobs.global_batch_size, true>::total <= H.usable())
        return write<knobs::activation_checkpoint_full>{};
    else if constexpr (smaller<Job, BackEnd, 1, Job::knobs.global_batch_size, true>::total <= H.usable())
        return write<knobs::local_batch_size<1>, knobs::activation_checkpoint_full>{};
    else
        return knobs::more_devices{};
}

template <class Job, hardware H, class BackEnd>
constexpr auto report_memory() {
    constexpr rank_memory m = memory_of<Job, BackEnd>;
    raise<
        ST_J715<decltype(memory_fix<Job, H, BackEnd>()), knobs::parameters<m.parameters>, knobs::gradients<m.gradients>,
                knobs::optimizer_states<m.optimizer_states>, knobs::activations<m.activations>,
                knobs::device_memory<H.memory>, knobs::reserved<H.reserved>, knobs::seq_len<Job::knobs.seq_len>,
                knobs::local_batch_size<Job::knobs.local_batch_size>,
                knobs::data_parallel_shard_degree<Job::dims.dp_shard>, knobs::tensor_parallel_degree<Job::dims.tp>>>();
    return 0;
}

template <class Job, hardware H, class BackEnd>
constexpr bool check_memory() {
    if constexpr (memory_of<Job, BackEnd>.total() > H.usable()) failed<decltype(report_memory<Job, H, BackEnd>())>();
    return true;
}

}  // namespace detail

/// That a `training_job` fits into the memory of a device beside what libraries take there (`hardware::reserved`), written
/// `static_assert(fits<job, h100_sxm>)`, or with the back end that it runs on. To ask without an error:
/// `memory_of<job>.total() <= h100_sxm.usable()`.
/// @pre memory_of<Job, BackEnd> is at most H.usable() [ST-J715]
/// @snippet 07_check_configuration/main.cpp job
template <class Job, hardware H, class BackEnd = buffers_only>
inline constexpr bool fits = detail::check_memory<Job, H, BackEnd>();

}  // namespace shardtype
