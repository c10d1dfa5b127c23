#pragma once

#include <shardtype/model/gpt2.hpp>
#include <shardtype/shardtype.hpp>

/// The jobs of bench/planner/published.cpp: published runs as this library has them. Nothing here runs.
namespace published_jobs {

namespace st = shardtype;

template <int N>
using replicas = st::dp_replicate<N>;
template <int N>
using shards = st::dp_shard<N>;
template <int N>
using tensors = st::tp<N>;

/// Rows: sequences of a data-parallel rank in one step. State and reductions are float32.
template <class Model, class Mesh, class Strategy, long Rows, long Sequence, int MicroBatches = 1>
struct job {
    using mesh = Mesh;
    using strategy = Strategy;
    using model = Model;
    using compute = st::bf16;
    static constexpr long rows = Rows;
    static constexpr st::batch_shape batch{
        .global = Rows * st::policy<Mesh, Strategy>.batch_parts(), .sequence = Sequence, .micro_batches = MicroBatches};
};

// ---- Llama under FSDP, and under FSDP and tensor parallelism with the sequence split between layers ----
template <class Model, int Shards, long Rows, long Sequence, class... Roles>
using sharded = job<Model, st::mesh<shards<Shards>>, st::strategy<st::fsdp<shards<Shards>>, Roles...>, Rows, Sequence>;
template <class Model, int Shards, int Tensors, long Rows, long Sequence, class... Roles>
using in_2d =
    job<Model, st::mesh<shards<Shards>, tensors<Tensors>>,
        st::strategy<st::fsdp<shards<Shards>>, st::sequence_parallel<tensors<Tensors>>, Roles...>, Rows, Sequence>;

inline constexpr st::llama_config llama2_13b{5120, 40, 40, 40, 13824, 32000, 10000};
inline constexpr st::llama_config llama2_70b{8192, 80, 64, 8, 28672, 32000, 10000};
using llama3_8b = st::llama<st::llama3_8b>;
using llama3_70b = st::llama<st::llama3_70b>;
using llama_13b = st::llama<llama2_13b>;
using llama_70b = st::llama<llama2_70b>;

/// torchtitan's "selective op" keeps every other matrix product and attention: of a block it makes wk, wo and w3 again.
/// The library recomputes whole layers: the feed-forwards (w1, w3) of so many blocks that as many operations are made
/// again.
using op_8b = st::in_layers<"layers.0-21.feed_forward", st::recompute>;
using op_13b = st::in_layers<"layers.0-34.feed_forward", st::recompute>;
using op_70b = st::in_layers<"layers.0-50.feed_forward", st::recompute>;
/// torchtitan's "selective layer": every second block, here the first half.
using every_second_of_32 = st::in_layers<"layers.0-15", st::recompute>;
using every_second_of_40 = st::in_layers<"layers.0-19", st::recompute>;

// ---- GPT as Megatron has it ----
template <st::gpt2_config C>
using tied_gpt = st::gpt2<C>;
/// The same with a head of its own.
template <st::gpt2_config C>
using gpt = st::chain<st::named<"wte", st::embedding<C.vocabulary, C.dim>>,
                      st::named<"wpe", st::position_embedding<C.sequence>>,
                      st::named<"h", st::repeat<C.layers, st::gpt2_block<C>>>, st::named<"ln_f", st::layer_norm>,
                      st::named<"lm_head", st::linear<C.vocabulary>>, st::cross_entropy>;

inline constexpr st::gpt2_config a100_1_7b{2304, 24, 24, 51200, 2048}, a100_3_6b{3072, 30, 32, 51200, 2048},
    a100_7_5b{4096, 36, 32, 51200, 2048}, a100_18b{6144, 40, 48, 51200, 2048}, a100_22b{6144, 48, 64, 51200, 2048};
inline constexpr st::gpt2_config h100_1_7b{2048, 24, 16, 131072, 4096}, h100_7_1b{4096, 30, 32, 131072, 4096},
    h100_16b{6144, 32, 48, 131072, 4096}, h100_32b{7168, 48, 56, 131072, 4096};

/// Data-parallel replicas and tensor parallelism without the sequence: Megatron-LM of 2021.
template <st::gpt2_config C, int Replicas, long Rows, int MicroBatches>
using replicated = job<tied_gpt<C>, st::mesh<replicas<Replicas>>, st::strategy<st::ddp<replicas<Replicas>>>, Rows,
                       C.sequence, MicroBatches>;
template <st::gpt2_config C, int Replicas, int Tensors, long Rows, int MicroBatches>
using replicated_2d = job<tied_gpt<C>, st::mesh<replicas<Replicas>, tensors<Tensors>>,
                          st::strategy<st::ddp<replicas<Replicas>>, st::tensor_parallel<tensors<Tensors>>>, Rows,
                          C.sequence, MicroBatches>;
/// One machine of tensor ranks.
template <st::gpt2_config C, int Tensors, long Rows, class... Roles>
using in_tensors = job<tied_gpt<C>, st::mesh<tensors<Tensors>>, st::strategy<Roles...>, Rows, C.sequence>;

/// Megatron's distributed optimizer gathers and reduces behind the kernels; `zero1` does not here, `fsdp` does.
template <st::gpt2_config C, int Shards, long Rows>
using optimizer_sharded =
    job<gpt<C>, st::mesh<shards<Shards>>, st::strategy<st::padded_fsdp<shards<Shards>>>, Rows, C.sequence>;
template <st::gpt2_config C, int Shards, int Tensors, long Rows>
using optimizer_sharded_2d =
    job<gpt<C>, st::mesh<shards<Shards>, tensors<Tensors>>,
        st::strategy<st::padded_fsdp<shards<Shards>>, st::sequence_parallel<tensors<Tensors>>>, Rows, C.sequence>;

}  // namespace published_jobs
