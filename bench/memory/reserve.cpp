// What ranks take outside their arenas, measured: a table of layouts, and the two constants for ops/cpu_scratch.hpp.

#include <shardtype/runtime.hpp>
#include <shardtype/runtime/resident.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace st = shardtype;

namespace {

template <class Mesh, class Strategy>
struct job {
    using mesh = Mesh;
    using strategy = Strategy;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};
template <int N>
using shards = st::dp_shard<N>;
template <int N>
using tensors = st::tp<N>;

struct row {
    long ranks = 0, arena = 0;
    long grown = 0, of_no_file = 0;  // bytes of the whole process, after four steps
    bool finished = false;
};

template <class Job>
void train(row& r) {
    r.ranks = Job::mesh::size;
    r.arena = st::trainer<Job>::arena_bytes;
    long const all = st::resident_bytes(), anonymous = st::resident_bytes("Anonymous");
    st::run<Job>([&](st::trainer<Job>& t) {
        t.initialise(1);
        for (long s = 1; s <= 4; ++s) {
            st::step_numbers n;
            n.adamw.step = s;
            (void)t.step(n, [](long, int* in, int* out) {
                std::fill_n(in, Job::batch.sequence, 1), std::fill_n(out, Job::batch.sequence, 2);
            });
        }
        st::thread::communicator const& world = t.comm().all;
        world.barrier();
        if (t.rank() == 0) {
            r.grown = st::resident_bytes() - all;
            r.of_no_file = st::resident_bytes("Anonymous") - anonymous;
        }
        world.barrier();
    });
    r.finished = true;
}

/// In a process of its own, as every training starts.
template <class Job>
row measure() {
    auto* const shared =
        static_cast<row*>(mmap(nullptr, sizeof(row), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *shared = row{};
    std::fflush(stdout);
    if (pid_t const child = fork(); child == 0) {
        train<Job>(*shared);
        _exit(0);
    } else {
        waitpid(child, nullptr, 0);
    }
    row const r = *shared;
    munmap(shared, sizeof(row));
    return r;
}

double mib(long bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

int main() {
    std::printf(
        "The debug model, sequence 256, global batch 8, after four steps; %d CPUs. MiB of the whole process.\n\n",
        st::thread::usable_cpus());
    std::printf(
        "| layout | ranks | arenas | process grew | outside the arenas | of it code and files |\n"
        "|---|---|---|---|---|---|\n");
    std::vector<row> rows;
    auto const add = [&](char const* name, row const& r) {
        long const outside = r.grown - r.ranks * r.arena;
        std::printf("| %s | %ld | %.2f | %.2f | %.2f | %.2f |\n", name, r.ranks, mib(r.ranks * r.arena), mib(r.grown),
                    mib(outside), mib(r.grown - r.of_no_file));
        rows.push_back(r);
        return r.finished;
    };
    using none = st::strategy<st::fsdp<shards<1>>>;
    bool ok = add("one rank", measure<job<st::mesh<shards<1>>, none>>());
    ok = add("dp_shard=2", measure<job<st::mesh<shards<2>>, st::strategy<st::fsdp<shards<2>>>>>()) && ok;
    ok = add("dp_shard=8", measure<job<st::mesh<shards<8>>, st::strategy<st::fsdp<shards<8>>>>>()) && ok;
    ok = add("tp=8", measure<job<st::mesh<tensors<8>>, st::strategy<st::sequence_parallel<tensors<8>>>>>()) && ok;
    ok = add("dp_shard=2,tp=4", measure<job<st::mesh<shards<2>, tensors<4>>,
                                            st::strategy<st::fsdp<shards<2>>, st::sequence_parallel<tensors<4>>>>>()) &&
         ok;
    if (!ok) {
        std::fprintf(stderr, "memory_reserve: a layout did not finish\n");
        return 1;
    }
    // outside = process + ranks x rank, by least squares over the rows.
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (row const& r : rows) {
        double const ranks = static_cast<double>(r.ranks), outside = static_cast<double>(r.grown - r.ranks * r.arena);
        n += 1, x += ranks, y += outside, xx += ranks * ranks, xy += ranks * outside;
    }
    double const rank = (n * xy - x * y) / (n * xx - x * x), process = (y - rank * x) / n;
    std::printf("\nreserved_per_process = %.0f, reserved_per_rank = %.0f (cpu_back_end, bytes)\n", process, rank);
}
