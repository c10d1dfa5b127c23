#include "processes.hpp"

#include <stdexcept>
#include <string>

#include <shardtype/train/mpi.hpp>

#include "compiled_layouts.hpp"
#include "train_job.hpp"

namespace {

// All of them as one group, besides those of the layouts.
st::mpi::communicator const& all() {
    static st::mpi::process const& here = st::mpi::this_process();  // outlives the world
    static st::mpi::world const made(here, std::initializer_list<int>{here.size()}, 1);
    return made.ranks().all;
}

double sum(double mine) {
    double total = 0;
    all().all_reduce(&mine, &total, 1);
    return total;
}

struct process_ranks {
    using communicators = st::mpi::rank_communicators;
    static constexpr bool one_per_process = true;
    template <class Job, class F>
    static void run(F f) {
        st::mpi::run<Job>(f);
    }
    static double sum(double mine) { return ::sum(mine); }
};

template <class... Jobs>
layout_table table_of(st::type_list<Jobs...>) {
    return {{{Jobs::spec, st::mpi::trainer<Jobs>::arena_bytes}...}, {&train<Jobs, process_ranks>...}};
}

void join(st::launch const& started) {
    st::mpi::process const& here = st::mpi::this_process();
    if (here.size() != started.size)
        throw usage_error(std::string(st::launcher_name(started.by)) + " has started " + std::to_string(started.size) +
                          " processes, but MPI sees " + std::to_string(here.size()) +
                          ": the launcher and this program must be of one MPI (srun: --mpi=pmix)");
    try {
        (void)all();
    } catch (std::invalid_argument const& error) {  // what the environment says
        throw usage_error(error.what());
    }
}
layout_table layouts() { return table_of(compiled{}); }
int rank() { return all().rank(); }
int first(bool mine) {
    int const lowest = mine ? all().size() - all().rank() : 0;
    int found = 0;
    all().all_reduce(&lowest, &found, 1, st::reduction::max);
    return found > 0 ? all().size() - found : -1;
}

}  // namespace

processes const mpi_processes{&join, &layouts, &rank, &first, &sum};
