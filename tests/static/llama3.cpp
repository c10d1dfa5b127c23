// Llama 3 8B, 70B and 405B as jobs: as many parameters as published, state and arena of a rank against arithmetic by hand.

#include "../../bench/memory/llama3_jobs.hpp"

#include <shardtype/mesh/hardware.hpp>

namespace {

namespace st = shardtype;

template <class Job>
inline constexpr st::landmarks at = st::lowered<Job, st::buffers_only>::value.at;
template <class Job>
inline constexpr long parameters = llama3_jobs::parameters(st::checked<Job>::value);
/// Activations, gathered parameters, inputs.
template <class Job>
inline constexpr long others = at<Job>.arena_bytes - 4 * at<Job>.state_bytes;

constexpr long up(long n, long parts) { return (n + parts - 1) / parts; }

/// Parameters of a rank: rows padded over `shards`, norms whole over `tensors`.
constexpr long of_rank(st::llama_config c, long shards, long tensors, long kv_tensors) {
    long const head = c.dim / c.heads;
    long const kv = c.kv_heads * head / kv_tensors, hidden = c.ffn_dim / tensors, queries = c.dim / tensors;
    long const table = up(c.vocabulary / tensors, shards) * c.dim, norm = up(c.dim, shards);
    long const wide = up(queries, shards) * c.dim + 2 * up(kv, shards) * c.dim + 2 * up(hidden, shards) * c.dim;
    long const back = up(c.dim, shards) * (queries + hidden);  // wo and w2, whose columns are split
    return 2 * table + norm + c.layers * (wide + back + 2 * norm);
}

template <class Job>
constexpr bool holds(st::llama_config c, long shards, long tensors = 1, long kv_tensors = 0) {
    st::landmarks const& l = at<Job>;
    if (kv_tensors == 0) kv_tensors = tensors;
    bool const state = l.state_bytes == 4 * of_rank(c, shards, tensors, kv_tensors);
    // The residual stream of every layer is kept, whatever is recomputed.
    long const stream =
        Job::rows * Job::batch.sequence * c.dim / tensors * st::bytes_of(st::checked<Job>::value.compute);
    return st::lowered<Job, st::buffers_only>::accepted && state && l.arena_bytes >= l.live_bytes &&
           l.arena_bytes * 100 <= l.live_bytes * 105 && others<Job> > (c.layers + 1) * stream;
}

using namespace llama3_jobs;
constexpr st::llama_config small = st::llama3_8b, middle = st::llama3_70b, large = st::llama3_405b;

static_assert(parameters<m8b_fsdp_8> == 8'030'261'248);
static_assert(parameters<m70b_fsdp_64_recompute> == 70'553'706'496);
static_assert(parameters<m405b_fsdp_64_tp_8_recompute> == 405'853'388'800);

static_assert(holds<m8b_fsdp_8_float>(small, 8));
static_assert(holds<m8b_fsdp_8>(small, 8));
static_assert(holds<m8b_fsdp_8_hidden>(small, 8));
static_assert(holds<m8b_fsdp_8_recompute>(small, 8));
static_assert(holds<m8b_fsdp_128_recompute>(small, 128));
static_assert(holds<m8b_fsdp_2_tp_4>(small, 2, 4));
static_assert(holds<m8b_fsdp_16_tp_8>(small, 16, 8));
static_assert(holds<m70b_fsdp_64_recompute>(middle, 64));
static_assert(holds<m70b_fsdp_32_tp_8_recompute>(middle, 32, 8));
static_assert(holds<m70b_hsdp_2_16_tp_8>(middle, 16, 8));
static_assert(holds<m70b_hsdp_2_16_tp_8_recompute>(middle, 16, 8));
static_assert(holds<m405b_fsdp_64_tp_8_recompute>(large, 64, 8));
static_assert(holds<m405b_hsdp_8_64_tp_8_recompute>(large, 64, 8));
static_assert(holds<m405b_fsdp_32_tp_16_recompute>(large, 32, 16, 8));

// FSDP alone: a rank stores 1/N of each region, to the byte.
static_assert(at<m8b_fsdp_8>.state_bytes * 8 == 4 * parameters<m8b_fsdp_8>);
static_assert(at<m8b_fsdp_128_recompute>.state_bytes * 128 == 4 * parameters<m8b_fsdp_8>);
static_assert(at<m70b_fsdp_64_recompute>.state_bytes * 64 == 4 * parameters<m70b_fsdp_64_recompute>);
// Replicas share nothing.
static_assert(at<m405b_hsdp_8_64_tp_8_recompute>.state_bytes == at<m405b_fsdp_64_tp_8_recompute>.state_bytes);

// bf16 halves all but the state. Recomputing, twice the rows take less; of shards, only the state depends on their number.
static_assert(others<m8b_fsdp_8> * 100 < others<m8b_fsdp_8_float> * 51);
static_assert(others<m8b_fsdp_8_recompute> < others<m8b_fsdp_8_hidden> &&
              others<m8b_fsdp_8_hidden> < others<m8b_fsdp_8>);
static_assert(others<m8b_fsdp_128_recompute> < others<m8b_fsdp_8_recompute> + (1 << 20));
static_assert(others<m8b_fsdp_128_recompute> > others<m8b_fsdp_8_recompute> - (1 << 20));

template <class... Jobs>
constexpr int fitting(st::type_list<Jobs...>) {
    return (0 + ... + (at<Jobs>.arena_bytes <= st::h100_sxm.usable() ? 1 : 0));
}
static_assert(fitting(all{}) == 13 && at<m8b_fsdp_8_float>.arena_bytes > st::h100_sxm.usable());

}  // namespace
