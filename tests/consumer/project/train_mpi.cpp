// The same on processes: shardtype::mpi.
#include "job.hpp"

#include <shardtype/train/mpi.hpp>

int main() { st::mpi::run<job>(train); }
