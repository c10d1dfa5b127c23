#pragma once

#include <shardtype/train/launch.hpp>

#include "ranks.hpp"

/// Ranks that are processes, which a launcher has started: this one is a rank of every layout.
struct processes {
    /// Joins the others. @throws usage_error where that is not possible
    void (*join)(st::launch const& started);
    /// What they train.
    layout_table (*layouts)();
    /// This one's place.
    int (*rank)();
    /// The lowest rank of which `mine` is true, or -1; of all at once.
    int (*first)(bool mine);
    /// Over all of them; of all at once.
    double (*sum)(double mine);
};

/// On CPUs, joined by MPI: mpi_processes.cpp, or no_processes.cpp where this program was built without MPI.
extern processes const mpi_processes;

/// Ranks on GPUs: gpus.cpp in train_llama_cuda, no_gpus.cpp in train_llama.
namespace gpus {
/// Whether this program has them, and then no others.
extern bool const here;
/// One each, joined by NCCL.
extern processes const joined;
/// Threads of this process that share one. @throws usage_error where there is none
layout_table sharing();
/// Bytes of the one that this process uses.
double memory();
/// Floating-point operations per second of a float product there.
double peak();
}  // namespace gpus
