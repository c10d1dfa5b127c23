#include "processes.hpp"

#include <stdexcept>
#include <string>

processes const mpi_processes{
    [](st::launch const& started) {
        std::string const n = std::to_string(started.size);
        throw usage_error(std::string(st::launcher_name(started.by)) + " has started " + n +
                          " processes, but this program was built without MPI: build it where CMake finds MPI "
                          "(libopenmpi-dev, openmpi-bin), or start it by itself: then its ranks are threads");
    },
    [] { return layout_table{}; }, [] { return 0; }, [](bool mine) { return mine ? 0 : -1; },
    [](double mine) { return mine; }};
