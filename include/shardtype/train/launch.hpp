#pragma once

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace shardtype {

/// What has started this process. `threads`: nothing that starts several; its ranks are threads.
enum class launcher : unsigned char { threads, open_mpi, pmi, torchrun, srun };

/// This process among those that a launcher has started.
struct launch {
    launcher by = launcher::threads;     ///< who
    int rank = 0, size = 1;              ///< among all processes; of `threads`, size is the number of ranks
    int local_rank = 0, local_size = 0;  ///< on this host; size 0 where the launcher does not say
    std::string address;                 ///< torchrun's MASTER_ADDR, else empty
    int port = 0;                        ///< torchrun's MASTER_PORT, else 0

    /// Whether MPI has started it, so that MPI joins the ranks.
    [[nodiscard]] bool by_mpi() const { return by == launcher::open_mpi || by == launcher::pmi; }
};

namespace detail {

/// The variables that a launcher sets; the first two are what it is known by.
struct launcher_variables {
    launcher by;
    char const *name, *rank, *size, *local_rank, *local_size;
};
inline constexpr launcher_variables launchers[] = {
    {launcher::open_mpi, "Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {launcher::pmi, "MPICH's mpirun", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    {launcher::torchrun, "torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    {launcher::srun, "srun", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", nullptr},
};

/// @throws std::invalid_argument for what is no whole number in [least, most]
inline int launch_number(char const* name, char const* text, int least, int most) {
    char* end = nullptr;
    errno = 0;
    long const value = std::strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most)
        throw std::invalid_argument(std::string(name) + " is \"" + text + "\": it is a whole number from " +
                                    std::to_string(least) + (most < INT_MAX ? " to " + std::to_string(most) : " on"));
    return static_cast<int>(value);
}

/// What one launcher says; `threads` where it says nothing.
template <class Get>
launch launch_by(launcher_variables const& v, Get get) {
    launch l;
    char const *const rank = get(v.rank), *const size = get(v.size);
    // A batch script of Slurm has the variables of a task, but only srun makes the tasks.
    if (v.by == launcher::srun && get("SLURM_STEP_ID") == nullptr && get("SLURM_STEPID") == nullptr) return l;
    if (rank == nullptr && size == nullptr) return l;
    if (rank == nullptr || size == nullptr)
        throw std::invalid_argument(std::string(rank ? v.rank : v.size) + " is set, but " + (rank ? v.size : v.rank) +
                                    " is not: " + v.name + " sets both");
    l.by = v.by;
    l.size = launch_number(v.size, size, 1, INT_MAX);
    l.rank = launch_number(v.rank, rank, 0, l.size - 1);
    if (v.local_size != nullptr && get(v.local_size) != nullptr)
        l.local_size = launch_number(v.local_size, get(v.local_size), 1, l.size);
    if (get(v.local_rank) != nullptr)
        l.local_rank =
            launch_number(v.local_rank, get(v.local_rank), 0, (l.local_size > 0 ? l.local_size : l.size) - 1);
    if (v.by != launcher::torchrun) return l;
    char const *const address = get("MASTER_ADDR"), *const port = get("MASTER_PORT");
    if (address == nullptr || port == nullptr || *address == '\0')
        throw std::invalid_argument(
            std::string(address == nullptr || *address == '\0' ? "MASTER_ADDR" : "MASTER_PORT") +
            " is not set, but RANK is: torchrun sets both");
    l.address = address;
    l.port = launch_number("MASTER_PORT", port, 1, 65535);
    return l;
}

}  // namespace detail

/// Who this process is, by the variables that launchers set; `get(name)` gives a variable's text or null. Where no
/// launcher is, `threads` ranks of this process.
/// @throws std::invalid_argument, in one line, for variables that are half set, no numbers, out of range, or of two
/// launchers that disagree (a Slurm task may well be mpirun's host: mpirun counts)
template <class Get>
launch read_launch(int threads, Get get) {
    launch found;
    char const* name = nullptr;
    detail::launcher_variables const* first = nullptr;
    for (detail::launcher_variables const& v : detail::launchers) {
        if (v.by == launcher::srun && first != nullptr) break;
        launch const now = detail::launch_by(v, get);
        if (now.by == launcher::threads) continue;
        if (first == nullptr) {
            found = now;
            first = &v;
            name = v.name;
        } else if (now.rank != found.rank || now.size != found.size) {
            throw std::invalid_argument(std::string("two launchers disagree: ") + name + " says rank " +
                                        std::to_string(found.rank) + " of " + std::to_string(found.size) + ", " +
                                        v.name + " says rank " + std::to_string(now.rank) + " of " +
                                        std::to_string(now.size));
        }
    }
    if (first == nullptr) {
        if (threads < 1) throw std::invalid_argument(std::to_string(threads) + " ranks: at least 1");
        found.size = threads;
    }
    return found;
}
/// The same, of this process' environment.
inline launch read_launch(int threads = 1) {
    return read_launch(threads, [](char const* name) { return std::getenv(name); });
}

/// Who started it, in words: `Open MPI's mpirun`.
inline char const* launcher_name(launcher by) {
    for (detail::launcher_variables const& v : detail::launchers)
        if (v.by == by) return v.name;
    return "nothing";
}

/// Checks the number of ranks that a mesh type has against what was started.
/// @throws std::invalid_argument, in one line that names both
template <class Mesh>
void check_launch(launch const& l) {
    if (l.size == Mesh::size) return;
    std::string text;
    for (int a = 0; a < Mesh::axes; ++a) text += (a > 0 ? " x " : "") + std::to_string(Mesh::axis_size[a]);
    throw std::invalid_argument(
        "the mesh has " + std::to_string(Mesh::size) + " ranks (" + text + "), but " +
        (l.by == launcher::threads ? "the program was told " : std::string(launcher_name(l.by)) + " has started ") +
        std::to_string(l.size));
}

}  // namespace shardtype
