// A job's knobs and what follows from them: mesh, strategy, batch, memory. What the rules refuse is in tests/fail and,
// against a naive restatement, in tests/model/job.cpp.
#include <shardtype/shardtype.hpp>

namespace st = shardtype;

// The README's job: 64 devices, tensor parallel over 4, the rest sharded.
using job = st::training_job<st::job{.model = st::llama3_8b,
                                     .parallel = {.data_parallel_shard_degree = -1, .tensor_parallel_degree = 4},
                                     .world_size = 64,
                                     .seq_len = 8192,
                                     .local_batch_size = 2}>;
static_assert(job::accepted);
static_assert(st::same<job::mesh, st::mesh<st::dp_shard<16>, st::tp<4>>>);
static_assert(st::same<job::strategy, st::strategy<st::fsdp<st::dp_shard<16>>, st::sequence_parallel<st::tp<4>>>>);
static_assert(job::world_size == 64 && job::data_parallel_degree == 16);
static_assert(job::global_batch_size == 32 && job::gradient_accumulation_steps == 1);
static_assert(job::batch.global == 32 && job::batch.sequence == 8192);
static_assert(st::fits<job, st::h100_sxm>);

// Its memory is that of its schedule.
static_assert(st::memory_of<job>.total() == st::lowered<job::type, st::buffers_only>::arena_bytes);
static_assert(st::memory_of<job>.parameters == st::lowered<job, st::buffers_only>::value.at.state_bytes);
static_assert(st::memory_of<job>.optimizer_states == 2 * st::memory_of<job>.gradients);
// 8,030,261,248 parameters of 4 bytes in 64 parts; the norms are not split by tp, and each buffer begins at 64 bytes.
static_assert(st::memory_of<job>.parameters >= 8'030'261'248 * 4 / 64);
static_assert(st::memory_of<job>.parameters - 8'030'261'248 * 4 / 64 < 65 * 4096 * 4 / 16 + 300 * 64);
static_assert(st::memory_of<job>.total() > st::a100_80gb.usable() / 2);

// One device: an axis of one, which a mesh needs, and no collective.
using alone = st::training_job<st::job{}>;
static_assert(st::same<alone::mesh, st::mesh<st::dp_shard<1>>> && st::same<alone::strategy, st::strategy<>>);
static_assert(alone::global_batch_size == 8 && alone::batch.global == 8);
static_assert(st::checked<alone::type>::value.ok());
static_assert(st::checked<st::training_job<st::job{.local_batch_size = 1}>>::value.ok());
static_assert(st::checked<st::training_job<st::job{
                  .parallel = {.tensor_parallel_degree = 4}, .world_size = 4, .local_batch_size = 1}>>::value.ok());

// Axes of one device are dropped, wherever they stand.
template <long Replicate, long Shard, long Tensor, long World>
using on = st::training_job<st::job{.parallel = {.data_parallel_replicate_degree = Replicate,
                                                 .data_parallel_shard_degree = Shard,
                                                 .tensor_parallel_degree = Tensor},
                                    .world_size = World}>;
static_assert(st::same<on<2, -1, 1, 2>::mesh, st::mesh<st::dp_replicate<2>>>);
static_assert(st::same<on<1, -1, 1, 8>::mesh, st::mesh<st::dp_shard<8>>>);
static_assert(st::same<on<1, -1, 8, 8>::mesh, st::mesh<st::tp<8>>>);
static_assert(st::same<on<2, 1, 4, 8>::mesh, st::mesh<st::dp_replicate<2>, st::tp<4>>>);
static_assert(st::same<on<2, -1, 4, 16>::mesh, st::mesh<st::dp_replicate<2>, st::dp_shard<2>, st::tp<4>>>);
static_assert(
    st::same<on<2, -1, 4, 16>::strategy,
             st::strategy<st::ddp<st::dp_replicate<2>>, st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>>);
static_assert(on<2, -1, 4, 16>::data_parallel_degree == 4);
static_assert(st::checked<on<2, -1, 4, 16>>::value.ok());

// More tensor ranks than kv heads: those are split over the major part of the axis; one kv head is whole on each rank.
template <long Kv, long Replicate, long Shard, long Tensor>
using shared = st::training_job<st::job{.model = {.kv_heads = Kv, .vocabulary = 2048},
                                        .parallel = {Replicate, Shard, Tensor},
                                        .world_size = Replicate* Shard* Tensor,
                                        .local_batch_size = 2}>;
using four_axes = shared<2, 2, 2, 8>;
static_assert(four_axes::accepted && four_axes::dims.tp == 8);
static_assert(
    st::same<four_axes::mesh,
             st::mesh<st::dp_replicate<2>, st::dp_shard<2>, st::major<st::tp<8>, 2>, st::minor<st::tp<8>, 2>>>);
static_assert(
    st::same<four_axes::strategy,
             st::strategy<st::ddp<st::dp_replicate<2>>, st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<8>>>>);
static_assert(st::checked<four_axes>::value.ok() && st::memory_of<four_axes>.parameters > 0);
static_assert(st::same<shared<1, 1, 1, 4>::mesh, st::mesh<st::tp<4>>>);
static_assert(st::same<shared<8, 1, 1, 8>::mesh, st::mesh<st::tp<8>>>);
static_assert(st::checked<shared<1, 1, 1, 4>>::value.ok() && st::memory_of<shared<4, 1, 2, 16>>.total() > 0);

// Gradient accumulation: the global batch is a multiple of local x data-parallel degree.
using accumulating = st::training_job<st::job{
    .parallel = {.tensor_parallel_degree = 2}, .world_size = 8, .local_batch_size = 4, .global_batch_size = 48}>;
static_assert(accumulating::gradient_accumulation_steps == 3 && accumulating::micro_batch_size == 16);
static_assert(accumulating::batch.global == 48 && accumulating::batch.micro_batches == 3);
static_assert(st::memory_of<accumulating>.parameters > 0);

// What dp_shard splits, which blocks are recomputed, and in which type: the strategy, the memory.
constexpr st::job knobs_of(long stage, st::checkpoint_mode mode, long one_in, st::precision compute) {
    st::job j = job::knobs;
    j.zero_stage = stage;
    j.activation_checkpoint = mode;
    j.selective_ac_option = one_in;
    j.mixed_precision_param = compute;
    return j;
}
template <long Stage, st::checkpoint_mode Mode, long OneIn, st::precision Compute>
using knobbed = st::training_job<knobs_of(Stage, Mode, OneIn, Compute)>;
using enum st::checkpoint_mode;
using wide = knobbed<3, none, 2, st::precision::float32>;
using narrow = knobbed<3, none, 2, st::precision::bfloat16>;
using again = knobbed<3, full, 2, st::precision::float32>;
using half_again = knobbed<3, selective, 2, st::precision::float32>;
using gathered_once = knobbed<2, none, 2, st::precision::float32>;
static_assert(st::same<wide::type, job::type> && st::same<wide::compute, float>);
static_assert(st::same<narrow::compute, st::bf16> && st::same<narrow::strategy, job::strategy>);
static_assert(st::same<again::strategy,
                       st::strategy<st::fsdp<st::dp_shard<16>>, st::sequence_parallel<st::tp<4>>, st::recompute>>);
static_assert(st::same<knobbed<3, selective, 1, st::precision::float32>::strategy, again::strategy>);
static_assert(
    st::same<gathered_once::strategy, st::strategy<st::zero2<st::dp_shard<16>>, st::sequence_parallel<st::tp<4>>>>);
static_assert(st::same<knobbed<1, none, 2, st::precision::float32>::strategy,
                       st::strategy<st::zero1<st::dp_shard<16>>, st::sequence_parallel<st::tp<4>>>>);
// `selective` is what `in_layers` says, written with a number.
struct by_hand {
    using mesh = job::mesh;
    using model = job::model;
    using strategy = st::strategy<st::fsdp<st::dp_shard<16>>, st::sequence_parallel<st::tp<4>>,
                                  st::in_layers<"layers.0-15", st::recompute>>;
    static constexpr st::batch_shape batch = job::batch;
};
static_assert(st::memory_of<half_again>.total() == st::lowered<by_hand, st::buffers_only>::arena_bytes);
static_assert(st::memory_of<again>.activations < st::memory_of<wide>.activations / 4);
static_assert(2 * st::memory_of<half_again>.activations > st::memory_of<wide>.activations);
static_assert(10 * st::memory_of<half_again>.activations < 6 * st::memory_of<wide>.activations);
static_assert(2 * st::memory_of<narrow>.activations < 11 * st::memory_of<wide>.activations / 10);
static_assert(st::memory_of<narrow>.parameters == st::memory_of<wide>.parameters);
// The table of docs/configuration.md, in GiB.
template <class Job>
constexpr bool takes(double gib) {
    double const bytes = gib * (1L << 30), total = static_cast<double>(st::memory_of<Job>.total());
    return total > 0.98 * bytes && total < 1.02 * bytes;
}
constexpr st::job all_knobs() {
    st::job j = knobs_of(3, full, 2, st::precision::bfloat16);
    j.global_batch_size = 64;
    return j;
}
static_assert(takes<wide>(53) && takes<half_again>(31) && takes<again>(8.6) && takes<narrow>(27));
static_assert(takes<st::training_job<all_knobs()>>(5.2) && takes<gathered_once>(59));
static_assert(takes<knobbed<1, none, 2, st::precision::float32>>(63));
// A whole copy of the weights of a tensor rank, 8 GB in 4 parts of 4 bytes, instead of one block's.
static_assert(st::memory_of<gathered_once>.total() - st::memory_of<wide>.total() > 6L << 30);
static_assert(st::memory_of<gathered_once>.total() - st::memory_of<wide>.total() < 8L << 30);

// Larger models on more devices.
using large = st::training_job<st::job{.model = st::llama3_70b,
                                       .parallel = {.data_parallel_shard_degree = 32, .tensor_parallel_degree = 8},
                                       .world_size = 256,
                                       .seq_len = 8192,
                                       .local_batch_size = 1}>;
static_assert(st::memory_of<large>.parameters >= 70'553'706'496 * 4 / 256);

// Fixes: the nearest change of one knob that makes the job legal, two where one cannot.
constexpr st::job_verdict said(st::job j) { return st::judge(j); }
constexpr st::job eight_billion(long shard, long tensor, long world) {
    return {.model = st::llama3_8b,
            .parallel = {.data_parallel_shard_degree = shard, .tensor_parallel_degree = tensor},
            .world_size = world,
            .seq_len = 8192};
}
constexpr bool proposes(st::job_verdict v, st::code what, st::knob k, long value, st::knob second = st::knob::none,
                        long filling = 0) {
    return v.what == what && v.fix[0].is == k && v.fix[0].value == value && v.fix[1].is == second &&
           v.fix[1].value == filling;
}
static_assert(proposes(said(eight_billion(3, 4, 64)), st::code::job_world_size, st::knob::data_parallel_shard_degree,
                       16));
static_assert(proposes(said(eight_billion(-1, 3, 64)), st::code::job_world_size, st::knob::tensor_parallel_degree, 4));
constexpr st::job six_kv_heads(long shard, long tensor, long world) {
    return {.model = {.dim = 192, .heads = 12, .kv_heads = 6},
            .parallel = {.data_parallel_shard_degree = shard, .tensor_parallel_degree = tensor},
            .world_size = world};
}
static_assert(proposes(said(six_kv_heads(-1, 4, 8)), st::code::job_kv_heads, st::knob::tensor_parallel_degree, 2));
static_assert(proposes(said(six_kv_heads(2, 4, 8)), st::code::job_kv_heads, st::knob::tensor_parallel_degree, 2,
                       st::knob::data_parallel_shard_degree, 4));
static_assert(proposes(said(eight_billion(512, 1, 512)), st::code::job_vocabulary, st::knob::data_parallel_shard_degree,
                       256, st::knob::data_parallel_replicate_degree, 2));
static_assert(proposes(said({.world_size = 8, .local_batch_size = 2, .global_batch_size = 24}),
                       st::code::job_global_batch, st::knob::global_batch_size, 16));
static_assert(proposes(said({.parallel = {.tensor_parallel_degree = 4}, .world_size = 4, .seq_len = 1023}),
                       st::code::job_sequence, st::knob::seq_len, 1024));
static_assert(proposes(said({.parallel = {.pipeline_parallel_degree = 2}, .world_size = 8}),
                       st::code::job_degree_not_there, st::knob::pipeline_parallel_degree, 1));
static_assert(proposes(said({.parallel = {.data_parallel_shard_degree = 0}, .world_size = 8}), st::code::job_degree,
                       st::knob::data_parallel_shard_degree, -1));
static_assert(proposes(said({.world_size = 8, .zero_stage = 4}), st::code::job_size, st::knob::zero_stage, 3));
static_assert(proposes(said({.world_size = 8, .zero_stage = 0}), st::code::job_size, st::knob::zero_stage, 1));
static_assert(proposes(said({.activation_checkpoint = full, .selective_ac_option = 0}), st::code::job_size,
                       st::knob::selective_ac_option, 1));
static_assert(said({.activation_checkpoint = selective, .selective_ac_option = 6}).legal());
static_assert(said({.activation_checkpoint = selective, .selective_ac_option = 7}).what == st::code::job_size);
static_assert(said({.activation_checkpoint = none, .selective_ac_option = 7}).legal());
