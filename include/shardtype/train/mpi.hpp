#pragma once

/// Training on MPI ranks, one process each. The only header of a program that includes <mpi.h>.

#include <shardtype/comm/mpi/world.hpp>
#include <shardtype/runtime/cpu/implementation.hpp>
#include <shardtype/runtime/mpi/back_end.hpp>
#include <shardtype/train/launch.hpp>
#include <shardtype/train/trainer.hpp>

namespace shardtype::mpi {

/// A rank of a job that MPI has started.
template <class Job>
using trainer = shardtype::trainer<Job, rank_communicators>;

/// This process in MPI, from the first call to the program's end: MPI starts only once.
inline process const& this_process() {
    static process const here;
    return here;
}

/// Runs a job on the processes that MPI has started, as many as the job's mesh has ranks: `f(auto& trainer)`, an
/// `mpi::trainer<Job>`, once in each. The losses are bit by bit those of `shardtype::run`.
///
/// What goes wrong ends all processes, with an exit code that is not 0: a mesh of another size and what is wrong in the
/// environment with one line of rank 0, else with a line of the rank that failed or gave up waiting. What ranks wait
/// for longer than SHARDTYPE_DEADLINE (seconds, 300) is lost; SHARDTYPE_CHECK_COLLECTIVES=1 compares collectives on all ranks.
///
///     st::mpi::run<job>([](auto& t) { t.initialise(1); ... t.step(numbers, row) ... });    // mpirun -n 8 ./program
template <class Job, class F>
void run(F f) {
    process const& here = this_process();
    std::unique_ptr<world> ranks;
    int told = here.rank();
    try {
        launch const l = read_launch();
        if (l.size > 1 && here.size() == 1) {
            told = l.rank;
            throw std::invalid_argument(std::string(launcher_name(l.by)) + " has started " + std::to_string(l.size) +
                                        " processes, but MPI sees 1: the launcher and this program must be of one MPI "
                                        "(srun: --mpi=pmix)");
        }
        ranks = std::make_unique<world>(here, typename Job::mesh{},
                                        2 * program_of<Job, rank_communicators>.schedule.at.slots);
    } catch (std::invalid_argument const& error) {  // the same on every rank
        if (told == 0) detail::say(error.what());
        std::exit(1);
    } catch (std::exception const& error) {
        detail::abort_all("rank " + std::to_string(here.rank()) + ": " + error.what());
    }
    ranks->run([&](rank_communicators& comm) {
        trainer<Job> mine(comm);
        f(mine);
    });
}

}  // namespace shardtype::mpi
