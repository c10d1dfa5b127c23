// What ends a run on MPI ranks: one mode per way, for check_mpi_failure.sh.

#include <shardtype/comm/mpi/world.hpp>

#include <csignal>
#include <iostream>

using namespace shardtype;

int main(int argc, char** argv) {
    std::string const mode = argc > 1 ? argv[1] : "";
    mpi::process const here;
    mpi::options with;
    try {
        with = mpi::options::of_environment();
    } catch (std::invalid_argument const& error) {
        mpi::detail::abort_all(error.what());
    }
    mpi::world ranks(here, {here.size()}, 1, with);
    ranks.run([&](mpi::rank_communicators& me) {
        float x[4] = {}, y[64] = {};
        me.all.all_reduce(x, y, 4);
        bool const last = me.rank == here.size() - 1;
        if (mode == "count") me.all.all_reduce(x, y, last ? 3 : 4);
        if (mode == "kind") last ? me.all.all_gather(x, y, 1, 4) : me.all.all_reduce(x, y, 4);
        if (mode == "type")
            last ? me.all.all_reduce(reinterpret_cast<int*>(x), reinterpret_cast<int*>(y), 4)
                 : me.all.all_reduce(x, y, 4);
        if (mode == "throws" && last) throw std::runtime_error("the disk is full");
        if (mode == "returns" && last) return;
        if (mode == "stops" && last) raise(SIGSTOP);
        if (mode == "chain" && last) raise(SIGSTOP);
        if (mode == "killed" && last) raise(SIGKILL);
        if (mode == "chain") {  // rank 0 waits for rank 1, which waits for the last
            if (me.rank == 0) me.all.broadcast(x, 4, 1);
            if (me.rank > 0) me.all.broadcast(x, 4, here.size() - 1);
        }
        me.all.all_reduce(x, y, 4);
    });
    if (here.rank() == 0) std::cout << "all well\n";
}
