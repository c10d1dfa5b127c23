#pragma once

/// Training on GPUs: ranks that are threads and share one GPU, or processes with a GPU each that NCCL joins. A program
/// that includes it is compiled by nvcc.

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <shardtype/comm/store.hpp>
#include <shardtype/runtime/cuda/implementation.hpp>
#include <shardtype/train/launch.hpp>
#include <shardtype/train/trainer.hpp>

namespace shardtype::cuda {

/// A rank of a job, on a GPU that it shares with the others, or that is its own.
/// @{
template <class Job>
using sharing_trainer = shardtype::trainer<Job, shared_gpu::rank_communicators>;
template <class Job>
using trainer = shardtype::trainer<Job, nccl::rank_communicators>;
/// @}

/// How many GPUs this process sees.
/// @throws std::runtime_error, in one line, where there is none
inline int devices() {
    int count = 0;
    cudaError_t const found = cudaGetDeviceCount(&count);
    if (found != cudaSuccess || count == 0)
        throw std::runtime_error(std::string("no CUDA device: ") +
                                 (found != cudaSuccess ? cudaGetErrorString(found) : "cudaGetDeviceCount says 0"));
    return count;
}

/// Runs a job with all its ranks as threads of this process on one GPU: `f(auto& trainer)`, a `sharing_trainer<Job>`,
/// once per rank.
/// @throws std::runtime_error `rank R: ...` of the first rank that failed
template <class Job, class F>
void run_sharing(F f, int device = 0) {
    (void)devices();
    check(cudaSetDevice(device), "cudaSetDevice(", device, ")");  // the world's streams are of the current device
    shared_gpu::world world(typename Job::mesh{},
                            2 * program_of<Job, shared_gpu::rank_communicators>.schedule.at.slots);
    world.run([&](shared_gpu::rank_communicators& comm) {
        sharing_trainer<Job> mine(comm);
        f(mine);
    });
}

/// Runs a job on the processes that a launcher has started, with a GPU each: `f(auto& trainer)`, a `trainer<Job>`, once
/// in each. `id` is rank 0's `nccl::unique_id()` on all.
/// @throws std::invalid_argument where the mesh has another number of ranks; std::runtime_error of a rank that failed
/// or gave up waiting
template <class Job, class F>
void run_processes(shardtype::launch const& l, ncclUniqueId const& id, F f) {
    check_launch<typename Job::mesh>(l);
    check(cudaSetDevice(l.local_rank % devices()), "cudaSetDevice(", l.local_rank % devices(), ")");
    nccl::world world(id, l.rank, typename Job::mesh{},
                      2 * program_of<Job, nccl::rank_communicators>.schedule.at.slots);
    world.run([&](nccl::rank_communicators& comm) {
        trainer<Job> mine(comm);
        f(mine);
    });
}

/// Runs a job where it was started: by torchrun, srun or mpirun on one GPU per process, joined through MASTER_ADDR and
/// MASTER_PORT (`store_options`); else on thread ranks that share a GPU. `f` takes either trainer.
///
///     st::cuda::run<job>([](auto& t) { t.initialise(1); ... t.step(numbers, row) ... });    // torchrun --nproc-per-node 8 --no-python ./program
///
/// What goes wrong ends the process with exit code 1 and a line on the standard error; of what is the same on all ranks
/// rank 0 tells.
template <class Job, class F>
void run(F f) {
    auto const end = [](std::string const& line, bool says) {
        if (says) std::fprintf(stderr, "error: %s\n", line.c_str());
        std::exit(1);
    };
    bool says = true;
    try {
        shardtype::launch const l = read_launch(Job::mesh::size);
        says = l.rank == 0;
        if (l.by == launcher::threads) return run_sharing<Job>(f);
        check_launch<typename Job::mesh>(l);
        auto const with = store_options::of_environment();
        (void)nccl::options::of_environment();
        (void)devices();
        auto const id = from_rank_0(l.rank, l.size, l.rank == 0 ? nccl::unique_id() : ncclUniqueId{}, with);
        says = true;
        run_processes<Job>(l, id, f);
    } catch (std::invalid_argument const& error) {
        end(error.what(), says);
    } catch (std::exception const& error) {
        end(error.what(), true);
    }
}

}  // namespace shardtype::cuda
