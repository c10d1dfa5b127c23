// What ranks that are processes take outside their arenas, measured: a row of the table in docs/memory.md for each start.
// usage: mpirun -n 1|2|8 memory_mpi_reserve [dp_shard|tp|both]

#include <shardtype/runtime.hpp>
#include <shardtype/runtime/resident.hpp>
#include <shardtype/train/launch.hpp>
#include <shardtype/train/mpi.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace st = shardtype;

namespace {

template <class Mesh, class... Roles>
struct job {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};
template <int N>
using shards = st::dp_shard<N>;
template <int N>
using tensors = st::tp<N>;

double mib(double bytes) { return bytes / (1 << 20); }

// Pages that several processes map are counted in parts: the sum over processes is what the machine has less.
double bytes_now(char const* of) { return static_cast<double>(st::resident_bytes(of)); }

template <class Job>
void measure(char const* name) {
    double before[2] = {bytes_now("Pss"), bytes_now("Pss_Anon")};  // MPI has not started
    st::mpi::run<Job>([&](auto& trainer) {
        trainer.initialise(1);
        for (long s = 1; s <= 4; ++s) {
            st::step_numbers n;
            n.adamw.step = s;
            (void)trainer.step(n, [](long, int* in, int* out) {
                std::fill_n(in, Job::batch.sequence, 1), std::fill_n(out, Job::batch.sequence, 2);
            });
        }
        auto const& all = trainer.comm().all;
        all.barrier();
        double grown[2] = {bytes_now("Pss") - before[0], bytes_now("Pss_Anon") - before[1]}, sum[2]{};
        all.all_reduce(grown, sum, 2);
        double const arenas = static_cast<double>(st::mpi::trainer<Job>::arena_bytes) * Job::mesh::size;
        if (trainer.rank() != 0) return;
        std::printf("| %s | %d | %.2f | %.2f | %.2f | %.2f |\n", name, Job::mesh::size, mib(arenas), mib(sum[0]),
                    mib(sum[0] - arenas), mib(sum[0] - sum[1]));
        std::printf("outside the arenas: %.0f bytes for each process\n", (sum[0] - arenas) / Job::mesh::size);
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::string const which = argc > 1 ? argv[1] : "dp_shard";
    int const ranks = st::read_launch().size;
    if (ranks == 1)
        measure<job<st::mesh<shards<1>>, st::fsdp<shards<1>>>>("one rank");
    else if (ranks == 2)
        measure<job<st::mesh<shards<2>>, st::fsdp<shards<2>>>>("dp_shard=2");
    else if (which == "tp")
        measure<job<st::mesh<tensors<8>>, st::sequence_parallel<tensors<8>>>>("tp=8");
    else if (which == "both")
        measure<job<st::mesh<shards<2>, tensors<4>>, st::fsdp<shards<2>>, st::sequence_parallel<tensors<4>>>>(
            "dp_shard=2,tp=4");
    else
        measure<job<st::mesh<shards<8>>, st::fsdp<shards<8>>>>("dp_shard=8");
}
