// What one rank of Llama 3 8B, 70B and 405B holds in layouts that they are trained in: every figure is the compiler's.
// --markdown: the table of docs/memory.md.

#include "llama3_jobs.hpp"

#include <shardtype/ops/cpu_scratch.hpp>
#include <shardtype/mesh/hardware.hpp>

#include <cstdio>
#include <cstring>

namespace st = shardtype;

namespace {

constexpr st::hardware device = st::h100_sxm;

struct row {
    char const *model = "", *layout = "", *compute = "";
    long ranks = 0, rows = 0, parameters = 0, of_rank = 0;
    st::landmarks at{};
    long scratch = 0;  // the largest of a step on the CPU back end
    int steps = 0, buffers = 0;
};

template <class Job>
row row_of() {
    st::schedule_view const s = st::view_of(st::lowered<Job, st::cpu_back_end>::value);
    row r{Job::model_name, Job::layout,
          st::detail::element_type<typename Job::compute> == st::dtype::bf16 ? "bf16" : "float"};
    r.ranks = Job::mesh::size;
    r.rows = Job::rows;
    r.parameters = llama3_jobs::parameters(st::checked<Job>::value);
    r.of_rank = s.at.state_bytes / long{sizeof(float)};
    r.at = s.at;
    for (int i = 0; i < s.step_count; ++i)
        if (short const b = s.steps[i].scratch; b >= 0 && s.buffers[b].bytes > r.scratch)
            r.scratch = s.buffers[b].bytes;
    r.steps = s.step_count, r.buffers = s.buffer_count;
    return r;
}

double gib(long bytes) { return static_cast<double>(bytes) / (1L << 30); }

void print(row const& r, bool markdown) {
    long const state = 4 * r.at.state_bytes, arena = r.at.arena_bytes;
    char const* const format = markdown ? "| %s | %s | %ld | %ld | %s | %.1f | %.2f + %.2f + %.2f | %.2f | %.2f | %.2f "
                                          "| %.4f | %s | %.1f | %d | %d |\n"
                                        : "%-4s  %-38s  %5ld  %4ld  %-5s  %8.1f  %5.2f + %5.2f + %5.2f  %6.2f  %6.2f  "
                                          "%6.2f  %6.4f  %-4s  %7.1f  %5d  %7d\n";
    std::printf(format, r.model, r.layout, r.ranks, r.rows, r.compute, static_cast<double>(r.of_rank) / 1e6,
                gib(r.at.state_bytes), gib(r.at.state_bytes), gib(2 * r.at.state_bytes), gib(arena - state), gib(arena),
                gib(r.at.live_bytes), static_cast<double>(arena) / static_cast<double>(r.at.live_bytes),
                arena <= device.usable() ? "yes" : "no", static_cast<double>(r.scratch) / (1 << 20), r.steps,
                r.buffers);
}

template <class... Jobs>
void print_all(st::type_list<Jobs...>, bool markdown) {
    std::printf("Sequence 8192, float32 state. GiB of a rank; %s has %.2f GiB, of which %.2f are reserved.\n\n",
                device.name, gib(device.memory), gib(device.reserved));
    std::puts(markdown ? "| model | layout | ranks | rows | compute | parameters of a rank / 1e6 | weights + gradients "
                         "+ moments | others "
                         "| arena | largest live set | ratio | fits | scratch, MiB | steps | buffers |\n"
                         "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
                       : "model layout                                  ranks  rows  compute   par/1e6    "
                         "weights+gradients+moments  "
                         "others   arena    live   ratio  fits  scratch  steps  buffers");
    (print(row_of<Jobs>(), markdown), ...);
}

}  // namespace

int main(int count, char** arguments) {
    bool const markdown = count == 2 && std::strcmp(arguments[1], "--markdown") == 0;
    if (count > 1 && !markdown) {
        std::fprintf(stderr, "memory_llama3: unknown argument '%s'; usage: memory_llama3 [--markdown]\n", arguments[1]);
        return 2;
    }
    print_all(llama3_jobs::all{}, markdown);
}
