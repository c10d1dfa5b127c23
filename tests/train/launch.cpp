// Who this process is among those that a launcher has started.

#include <doctest/doctest.h>

#include <shardtype/mesh/parallel_dims.hpp>
#include <shardtype/shardtype.hpp>
#include <shardtype/train/launch.hpp>

#include <map>
#include <string>

namespace st = shardtype;
using st::launcher;

namespace {

using variables = std::map<std::string, std::string>;

st::launch read(variables const& set, int threads = 1) {
    return st::read_launch(threads, [&](char const* name) -> char const* {
        auto const at = set.find(name);
        return at == set.end() ? nullptr : at->second.c_str();
    });
}
std::string refusal(variables const& set, int threads = 1) {
    try {
        (void)read(set, threads);
    } catch (std::invalid_argument const& error) {
        return error.what();
    }
    return "accepted";
}

variables const mpirun = {{"OMPI_COMM_WORLD_RANK", "3"},
                          {"OMPI_COMM_WORLD_SIZE", "8"},
                          {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                          {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
variables const torchrun = {{"RANK", "5"},        {"WORLD_SIZE", "8"},
                            {"LOCAL_RANK", "1"},  {"LOCAL_WORLD_SIZE", "4"},
                            {"MASTER_ADDR", "h"}, {"MASTER_PORT", "29500"}};
variables const srun = {{"SLURM_PROCID", "6"}, {"SLURM_NTASKS", "8"}, {"SLURM_LOCALID", "2"}, {"SLURM_STEP_ID", "0"}};

variables with(variables set, variables const& more) {
    for (auto const& [name, value] : more) set[name] = value;
    return set;
}
variables without(variables set, char const* name) {
    set.erase(name);
    return set;
}

}  // namespace

TEST_CASE("each launcher's variables") {
    st::launch l = read(mpirun);
    CHECK((l.by == launcher::open_mpi && l.rank == 3 && l.size == 8 && l.local_rank == 1 && l.local_size == 2));
    CHECK(l.by_mpi());
    l = read({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}});
    CHECK((l.by == launcher::pmi && l.rank == 0 && l.size == 2 && l.local_rank == 0 && l.local_size == 0));
    l = read(torchrun);
    CHECK((l.by == launcher::torchrun && l.rank == 5 && l.size == 8 && l.local_rank == 1 && l.local_size == 4));
    CHECK((l.address == "h" && l.port == 29500 && !l.by_mpi()));
    l = read(srun);
    CHECK((l.by == launcher::srun && l.rank == 6 && l.size == 8 && l.local_rank == 2));
    l = read({}, 4);
    CHECK((l.by == launcher::threads && l.rank == 0 && l.size == 4));
}

TEST_CASE("a launcher inside another") {
    CHECK(read(with(srun, mpirun)).by == launcher::open_mpi);                // mpirun in a Slurm task
    CHECK(read(without(srun, "SLURM_STEP_ID"), 4).by == launcher::threads);  // a batch script
    CHECK(read(with(torchrun, {{"PMI_RANK", "5"}, {"PMI_SIZE", "8"}})).by == launcher::pmi);
    CHECK(refusal(with(torchrun, mpirun)) ==
          "two launchers disagree: Open MPI's mpirun says rank 3 of 8, torchrun says rank 5 of 8");
}

TEST_CASE("variables that make no sense") {
    CHECK(refusal(without(mpirun, "OMPI_COMM_WORLD_SIZE")) ==
          "OMPI_COMM_WORLD_RANK is set, but OMPI_COMM_WORLD_SIZE is not: Open MPI's mpirun sets both");
    CHECK(refusal(without(torchrun, "RANK")) == "WORLD_SIZE is set, but RANK is not: torchrun sets both");
    CHECK(refusal(without(torchrun, "MASTER_ADDR")) == "MASTER_ADDR is not set, but RANK is: torchrun sets both");
    CHECK(refusal(with(torchrun, {{"MASTER_PORT", "70000"}})) ==
          "MASTER_PORT is \"70000\": it is a whole number from 1 to 65535");
    CHECK(refusal(with(mpirun, {{"OMPI_COMM_WORLD_RANK", "8"}})) ==
          "OMPI_COMM_WORLD_RANK is \"8\": it is a whole number from 0 to 7");
    CHECK(refusal(with(srun, {{"SLURM_PROCID", "six"}})) ==
          "SLURM_PROCID is \"six\": it is a whole number from 0 to 7");
    CHECK(refusal(with(srun, {{"SLURM_NTASKS", ""}})) == "SLURM_NTASKS is \"\": it is a whole number from 1 on");
    CHECK(refusal({}, 0) == "0 ranks: at least 1");
}

TEST_CASE("a mesh of another size") {
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    st::check_launch<mesh>(read(mpirun));
    std::string said;
    try {
        st::check_launch<mesh>(read({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}}));
    } catch (std::invalid_argument const& error) {
        said = error.what();
    }
    CHECK(said == "the mesh has 8 ranks (2 x 4), but MPICH's mpirun has started 2");
}
