#pragma once

#include <shardtype/model/job_checks.hpp>
#include <shardtype/model/job_strategy.hpp>
#include <shardtype/model/read.hpp>
#include <shardtype/rules/report.hpp>
#include <shardtype/tensor/from_layout.hpp>

namespace shardtype {

namespace detail {

template <job J>
struct judged {
    static constexpr job_verdict value = judge(J);
    static constexpr factors named = factors_of(value.what, first_fault(J).at);
};

template <job_verdict const& V>
constexpr auto job_fix() {
    if constexpr (V.fix[0].is == knob::none)
        return no_single_change{};
    else if constexpr (V.fix[1].is == knob::none)
        return write<spelled_knob<V.fix[0].is, V.fix[0].value>>{};
    else
        return write<spelled_knob<V.fix[0].is, V.fix[0].value>, spelled_knob<V.fix[1].is, V.fix[1].value>>{};
}

/// Raises a job's numbered check; unevaluated, as `raise`.
template <code What, class Fix, class... Knobs>
constexpr auto report_job() {
    (void)sizeof(typename check_of<What>::template with<Fix, Knobs...>);
    return 0;
}
template <job J, int... I>
constexpr auto report_job(int_list<I...>) {
    constexpr auto& j = judged<J>::value;
    return report_job<
        j.what, decltype(job_fix<judged<J>::value>()),
        spelled_knob<judged<J>::named.at[I], shown_value(J, judged<J>::value, judged<J>::named.at[I])>...>();
}

template <job J>
constexpr bool check_job() {
    if constexpr (!judged<J>::value.legal()) {
        constexpr int count = judged<J>::named.count;
        failed<decltype(report_job<J>(make_ints<count>{}))>();
    }
    return true;
}

/// The sizes of a job's axes; all 1 after an error.
template <job J>
inline constexpr parallel_dims dims_of = judged<J>::value.legal() ? judged<J>::value.dims : parallel_dims{};

}  // namespace detail

/// A training job, checked where it is first used, and all that follows from its knobs. It has what `checked`, `lowered`
/// and `run` want of a job: mesh, model, strategy, batch and compute.
/// 64 devices, tensor_parallel_degree 4, the rest sharded: `mesh<dp_shard<16>, tp<4>>`,
/// `strategy<fsdp<dp_shard<16>>, sequence_parallel<tp<4>>>`.
/// @pre the rules of a job [ST-J701] to [ST-J714]. After an error `accepted` is false, the mesh one device, and what takes
/// the job is silent; a `static_assert(job::accepted)` or another one on its members is your own, and prints once more.
/// @snippet 07_check_configuration/main.cpp job
template <job J>
struct training_job {
    using type = training_job;  ///< itself: what `checked` takes
    /// False where an error was reported; to ask without one, `judge(j).legal()`.
    static constexpr bool accepted = detail::judged<J>::value.legal();
    static constexpr job knobs = J;  ///< as they were given
    /// The sizes of the mesh axes; 1 for one that is not there.
    static constexpr parallel_dims dims = detail::dims_of<J>;

    static constexpr long world_size = accepted ? J.world_size : 1;            ///< devices
    static constexpr long data_parallel_degree = dims.data_parallel_degree();  ///< parts of the batch
    /// Sequences of one micro-batch over all ranks.
    static constexpr long micro_batch_size = accepted ? micro_batch_of(J, dims) : 1;
    /// Sequences of one step.
    static constexpr long global_batch_size =
        accepted && J.global_batch_size != -1 ? J.global_batch_size : micro_batch_size;
    /// Micro-batches whose gradients are summed in one step.
    static constexpr long gradient_accumulation_steps = global_batch_size / micro_batch_size;

    using axes = detail::job_axes<static_cast<int>(dims.dp_replicate), static_cast<int>(dims.dp_shard),
                                  static_cast<int>(dims.tp), static_cast<int>(accepted ? kv_parts_of(J, dims) : 1),
                                  accepted ? static_cast<int>(J.zero_stage) : 3,
                                  accepted ? recomputed_blocks_of(J) : 0>;  ///< of this job
    /// dp_replicate, dp_shard, tp, without those of one device; `mesh<dp_shard<1>>` where there is only one. With 1 < n kv
    /// heads and more tensor ranks than those, tp is in two parts, `major<tp<N>, n>, minor<tp<N>, n>`.
    using mesh = typename axes::mesh;
    /// DDP, FSDP (or ZeRO-1, ZeRO-2) and tensor parallelism with the sequence split between layers; which blocks are
    /// recomputed.
    using strategy = typename axes::strategy;
    /// The type of activations and of weights in use; state, norms and sums are float.
    using compute = typename detail::compute_type<J.mixed_precision_param == precision::bfloat16>::type;
    /// The model.
    using model = llama<J.model>;
    /// The tokens of one step.
    static constexpr batch_shape batch{.global = global_batch_size,
                                       .sequence = accepted ? J.seq_len : 1,
                                       .micro_batches = static_cast<int>(gradient_accumulation_steps)};

  private:
    static_assert(detail::check_job<J>());
};

}  // namespace shardtype
