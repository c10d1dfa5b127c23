#pragma once

#include <shardtype/train/launch.hpp>

#include "ranks.hpp"

/// Ranks that are processes, which mpirun has started: this one is a rank of every layout. mpi_processes.cpp, or
/// no_processes.cpp where this program was built without MPI.
namespace processes {

/// Joins the others. @throws usage_error where that is not possible
void join(st::launch const& started);
/// What they train.
layout_table layouts();
/// This one's place.
int rank();
/// The lowest rank of which `mine` is true, or -1; of all at once.
int first(bool mine);
/// Over all of them; of all at once.
double sum(double mine);

}  // namespace processes
