// Check a configuration: the same knobs in C++ and in a TOML file, checked by the compiler; nothing is trained.
#include <cstdio>

#include <shardtype/shardtype.hpp>

#include "llama3_8b.toml.hpp"  // made by shardtype_check_config: see CMakeLists.txt

namespace st = shardtype;

//! [job]
using job = st::training_job<st::job{
    .model = st::llama3_8b,
    .parallel = {.data_parallel_shard_degree = -1, .tensor_parallel_degree = 4},  // -1: what the others leave
    .world_size = 64,
    .seq_len = 8192,
    .local_batch_size = 2}>;
static_assert(st::fits<job, st::h100_sxm>);
//! [job]

//! [derived]
static_assert(st::same<job::mesh, st::mesh<st::dp_shard<16>, st::tp<4>>>);
static_assert(job::data_parallel_degree == 16 && job::global_batch_size == 32);
//! [derived]

//! [from_file]
using from_file = st::training_job<st::config::llama3_8b>;
static_assert(st::same<from_file::mesh, job::mesh> && from_file::gradient_accumulation_steps == 2);
static_assert(st::same<from_file::compute, st::bf16>);
//! [from_file]

//! [memory]
template <class Job>
void print(char const* name) {
    constexpr st::rank_memory m = st::memory_of<Job>;
    constexpr double gib = 1L << 30;
    std::printf("%s: %ld devices = dp_replicate %ld x dp_shard %ld x tp %ld\n", name, Job::world_size,
                Job::dims.dp_replicate, Job::dims.dp_shard, Job::dims.tp);
    std::printf("  a step: %ld sequences, %ld at a time\n", Job::global_batch_size, Job::micro_batch_size);
    std::printf("  a rank: %.2f GiB parameters, %.2f gradients, %.2f optimizer states, %.2f activations: %.2f\n",
                static_cast<double>(m.parameters) / gib, static_cast<double>(m.gradients) / gib,
                static_cast<double>(m.optimizer_states) / gib, static_cast<double>(m.activations) / gib,
                static_cast<double>(m.total()) / gib);
}
//! [memory]

int main() {
    print<job>("in C++");
    print<from_file>("from the file");
}
