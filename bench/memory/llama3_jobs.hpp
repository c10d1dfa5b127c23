#pragma once

#include <shardtype/shardtype.hpp>

/// Llama 3 as published, under layouts that it is trained in, at sequence 8192. Nothing here runs: a job is compiled for
/// what one of its ranks would hold.
namespace llama3_jobs {

namespace st = shardtype;

template <int N>
using replicas = st::dp_replicate<N>;
template <int N>
using shards = st::dp_shard<N>;
template <int N>
using tensors = st::tp<N>;
using recompute_hidden = st::in_layers<"layers.*.feed_forward", st::recompute>;

/// Rows: sequences of one data-parallel rank. State, reductions and sums are float32.
template <st::llama_config C, class Mesh, class Strategy, long Rows, class Compute = st::bf16>
struct job {
    using mesh = Mesh;
    using strategy = Strategy;
    using model = st::llama<C>;
    using compute = Compute;
    static constexpr int data_ranks = st::policy<Mesh, Strategy>.batch_parts();
    static constexpr st::batch_shape batch{.global = Rows * data_ranks, .sequence = 8192};
    static constexpr long rows = Rows;
};

template <st::llama_config C, int Shards, long Rows, class Compute, class... Roles>
using sharded = job<C, st::mesh<shards<Shards>>, st::strategy<st::fsdp<shards<Shards>>, Roles...>, Rows, Compute>;
template <st::llama_config C, int Shards, int Tensors, long Rows, class... Roles>
using in_2d = job<C, st::mesh<shards<Shards>, tensors<Tensors>>,
                  st::strategy<st::fsdp<shards<Shards>>, st::sequence_parallel<tensors<Tensors>>, Roles...>, Rows>;
template <st::llama_config C, int Replicas, int Shards, int Tensors, long Rows, class... Roles>
using in_3d = job<C, st::mesh<replicas<Replicas>, shards<Shards>, tensors<Tensors>>,
                  st::strategy<st::ddp<replicas<Replicas>>, st::fsdp<shards<Shards>>,
                               st::sequence_parallel<tensors<Tensors>>, Roles...>,
                  Rows>;
/// 128,256 rows of the vocabulary do not divide over 512 ranks: FSDP with padded shards. Of 16 tensor ranks and 8 kv heads,
/// those are split over the major part only.
using m405b_2d = job<st::llama3_405b, st::mesh<shards<64>, tensors<8>>,
                     st::strategy<st::padded_fsdp<shards<64>>, st::sequence_parallel<tensors<8>>, st::recompute>, 1>;
using m405b_3d = job<
    st::llama3_405b, st::mesh<replicas<8>, shards<64>, tensors<8>>,
    st::strategy<st::ddp<replicas<8>>, st::padded_fsdp<shards<64>>, st::sequence_parallel<tensors<8>>, st::recompute>,
    1>;
using m405b_divided =
    job<st::llama3_405b, st::mesh<shards<32>, st::major<tensors<16>, 8>, st::minor<tensors<16>, 8>>,
        st::strategy<st::padded_fsdp<shards<32>>, st::sequence_parallel<tensors<16>>, st::recompute>, 1>;

struct m8b_fsdp_8_float : sharded<st::llama3_8b, 8, 1, float> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 8";
};
struct m8b_fsdp_8 : sharded<st::llama3_8b, 8, 1, st::bf16> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 8";
};
struct m8b_fsdp_8_hidden : sharded<st::llama3_8b, 8, 2, st::bf16, recompute_hidden> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 8, feed-forwards recomputed";
};
struct m8b_fsdp_8_recompute : sharded<st::llama3_8b, 8, 2, st::bf16, st::recompute> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 8, recompute";
};
struct m8b_fsdp_128_recompute : sharded<st::llama3_8b, 128, 2, st::bf16, st::recompute> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 128, recompute";
};
struct m8b_fsdp_2_tp_4 : in_2d<st::llama3_8b, 2, 4, 1> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 2, tp 4";
};
struct m8b_fsdp_16_tp_8 : in_2d<st::llama3_8b, 16, 8, 1> {
    static constexpr char const *model_name = "8B", *layout = "fsdp 16, tp 8";
};
struct m70b_fsdp_64_recompute : sharded<st::llama3_70b, 64, 1, st::bf16, st::recompute> {
    static constexpr char const *model_name = "70B", *layout = "fsdp 64, recompute";
};
struct m70b_fsdp_32_tp_8_recompute : in_2d<st::llama3_70b, 32, 8, 16, st::recompute> {
    static constexpr char const *model_name = "70B", *layout = "fsdp 32, tp 8, recompute";
};
struct m70b_hsdp_2_16_tp_8 : in_3d<st::llama3_70b, 2, 16, 8, 1> {
    static constexpr char const *model_name = "70B", *layout = "ddp 2, fsdp 16, tp 8";
};
struct m70b_hsdp_2_16_tp_8_recompute : in_3d<st::llama3_70b, 2, 16, 8, 8, st::recompute> {
    static constexpr char const *model_name = "70B", *layout = "ddp 2, fsdp 16, tp 8, recompute";
};
struct m405b_fsdp_64_tp_8_recompute : m405b_2d {
    static constexpr char const *model_name = "405B", *layout = "padded fsdp 64, tp 8, recompute";
};
struct m405b_hsdp_8_64_tp_8_recompute : m405b_3d {
    static constexpr char const *model_name = "405B", *layout = "ddp 8, padded fsdp 64, tp 8, recompute";
};
struct m405b_fsdp_32_tp_16_recompute : m405b_divided {
    static constexpr char const *model_name = "405B", *layout = "padded fsdp 32, tp 8 x 2, recompute";
};

using all = st::type_list<m8b_fsdp_8_float, m8b_fsdp_8, m8b_fsdp_8_hidden, m8b_fsdp_8_recompute, m8b_fsdp_128_recompute,
                          m8b_fsdp_2_tp_4, m8b_fsdp_16_tp_8, m70b_fsdp_64_recompute, m70b_fsdp_32_tp_8_recompute,
                          m70b_hsdp_2_16_tp_8, m70b_hsdp_2_16_tp_8_recompute, m405b_fsdp_64_tp_8_recompute,
                          m405b_hsdp_8_64_tp_8_recompute, m405b_fsdp_32_tp_16_recompute>;

/// Parameters of the whole model.
constexpr long parameters(st::graph const& g) {
    long n = 0;
    for (short k = 0; k < g.parameter_count; ++k) n += g.parameters[k].stored.count() * g.parameters[k].layers;
    return n;
}

}  // namespace llama3_jobs
