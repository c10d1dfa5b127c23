// A job on MPI ranks. usage: mpi same | train STEPS | throw, by mpirun on as many ranks as the mesh has
//   same   the losses and the gradient norms of 8 MPI ranks are those of 8 threads, bit by bit; no step allocates
//   train  prints a line per step; for a run that is cut off

#include "../support/allocations.hpp"
#include "../support/layouts.hpp"

#include <shardtype/optim/learning_rate.hpp>
#include <shardtype/train/launch.hpp>
#include <shardtype/train/mpi.hpp>
#include <shardtype/train/run.hpp>

#include <cstring>
#include <iostream>

// What MPI itself allocates is not ours: its calls of a step, by MPI's own way of wrapping them.
namespace {
struct in_mpi {
    allocations::watching before = allocations::now;
    in_mpi() { allocations::now = before == allocations::watching::us ? allocations::watching::library : before; }
    ~in_mpi() { allocations::now = before; }
};
}  // namespace
extern "C" {
int MPI_Isend(void const* from, int count, MPI_Datatype type, int to, int tag, MPI_Comm on, MPI_Request* request) {
    in_mpi const here;
    return PMPI_Isend(from, count, type, to, tag, on, request);
}
int MPI_Irecv(void* to, int count, MPI_Datatype type, int from, int tag, MPI_Comm on, MPI_Request* request) {
    in_mpi const here;
    return PMPI_Irecv(to, count, type, from, tag, on, request);
}
int MPI_Testsome(int count, MPI_Request* requests, int* done, int* which, MPI_Status* statuses) {
    in_mpi const here;
    return PMPI_Testsome(count, requests, done, which, statuses);
}
int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
    in_mpi const here;
    return PMPI_Test(request, done, status);
}
}

namespace {

namespace st = shardtype;

struct size {
    static constexpr st::llama_config config{64, 2, 4, 4, 192, 256, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 64};
};
template <class Layout>
using job = layouts::job<Layout, size>;
template <class Layout>
struct bf16_job : job<Layout> {
    using compute = st::bf16;
};

void any_row(long row, int* tokens, int* targets) {
    for (int i = 0; i < 64; ++i) tokens[i] = targets[i] = static_cast<int>((row * 7 + i * i) % 256);
}
template <class Trainer>
st::step_result one_step(Trainer& t, int step) {
    st::step_numbers n;
    n.adamw.lr = 1e-2;
    n.adamw.step = step;
    return t.step(n, any_row);
}

constexpr int steps = 5;
struct course {
    double loss[steps]{}, norm[steps]{};
    long allocated = 0;  // in the steps after the first two, by oneDNN and the walk, but not by MPI
};
/// What a rank sees of a short training.
template <class Trainer>
course train(Trainer& t) {
    course c;
    t.initialise(1);
    for (int s = 0; s < steps; ++s) {
        allocations::ours = 0;
        if (s >= 2) allocations::now = allocations::watching::us;
        auto const r = one_step(t, s + 1);
        allocations::now = allocations::watching::nothing;
        c.loss[s] = r.loss, c.norm[s] = r.gradient_norm;
        c.allocated += allocations::ours;
    }
    return c;
}

/// Whether both see the same; with a line. Threads run on rank 0 alone, behind the MPI ranks.
template <class Job>
bool same(char const* type) {
    course mpi, threads;
    int rank = 0;
    long own_room = -1;  // bytes that collectives received beside the arena
    st::mpi::run<Job>([&](auto& t) {
        mpi = train(t);
        own_room = t.comm().own_room_bytes();
        rank = t.rank();
        if (rank == 0)
            st::run<Job>([&](st::trainer<Job>& mine) {
                course const c = train(mine);
                if (mine.rank() == 0) threads = c;
            });
        t.comm().all.broadcast(threads.loss, steps, 0);
        t.comm().all.broadcast(threads.norm, steps, 0);
        t.comm().all.broadcast(&threads.allocated, 1, 0);
    });
    bool const good = own_room == 0 && mpi.allocated <= threads.allocated &&
                      std::memcmp(mpi.loss, threads.loss, sizeof mpi.loss) == 0 &&
                      std::memcmp(mpi.norm, threads.norm, sizeof mpi.norm) == 0 && mpi.loss[steps - 1] < mpi.loss[0];
    if (rank == 0 || !good)
        std::cout << (good ? "same: " : "DIFFERENT: ") << Job::name << " " << type << ", rank " << rank << ": loss "
                  << mpi.loss[0] << " .. " << mpi.loss[steps - 1] << ", of threads " << threads.loss[0] << " .. "
                  << threads.loss[steps - 1] << ", allocations in 3 steps " << mpi.allocated
                  << " (of threads: " << threads.allocated << "), room beside the arena " << own_room << ", arena "
                  << st::mpi::trainer<Job>::arena_bytes << " (of threads: " << st::trainer<Job>::arena_bytes << ")"
                  << std::endl;
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    std::string const mode = argc > 1 ? argv[1] : "same";
    if (mode == "same") {
        bool good = same<job<layouts::fsdp_2_sp_4>>("float32");
        good = same<job<layouts::ddp_8>>("float32") && good;
        good = same<job<layouts::fsdp_8>>("float32") && good;
        good = same<bf16_job<layouts::hsdp_2_2_sp_2>>("bf16") && good;
        return good ? 0 : 1;
    }
    int const most = argc > 2 ? std::atoi(argv[2]) : 5;
    st::mpi::run<job<layouts::fsdp_2_sp_4>>([&](auto& t) {
        t.initialise(1);
        for (int s = 1; s <= most; ++s) {
            double const loss = one_step(t, s).loss;
            if (t.rank() == 0 && (s <= 3 || s % 20 == 0)) std::cout << "step " << s << " loss " << loss << std::endl;
            if (mode == "throw" && t.rank() == 5) throw std::runtime_error("the corpus ends at row 7");
        }
    });
}
