// A rank's memory is what the compiler said. The debug model is trained under several layouts, each in a process of its
// own, with every allocation of the whole process watched: a step takes nothing, and the process grows by the plan,
// ranks x arena_bytes + reserved_bytes(ranks). A job that hides a buffer is caught by the same two checks.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"

#include <shardtype/runtime.hpp>
#include <shardtype/runtime/resident.hpp>

#include "../support/memory_hooks.hpp"  // after all that declares posix_memalign, which clang wants first

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace st = shardtype;

namespace {

struct debug_model {
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{8, 128};
};

// What the process of a job hands to the test.
struct found {
    long plan = 0, grown = 0, reserved = 0;
    bool finished = false, overflow = false;
    int rows = 0;
    memory_hooks::row row[memory_hooks::max_rows];  // of the steps after the second
    char object[memory_hooks::max_rows][48];        // file names
};

// How much bytes of `of` differ from it, in percent.
double percent_off(found const& f) {
    return 100 * std::abs(static_cast<double>(f.grown) / static_cast<double>(f.plan) - 1);
}

enum class hides { nothing, five_percent };

template <class Job>
void train(found& f, hides what) {
    constexpr long ranks = Job::mesh::size;
    f.reserved = st::cpu_back_end::reserved_bytes(ranks);
    f.plan = ranks * st::trainer<Job>::arena_bytes + f.reserved;
    long const before = st::resident_bytes();
    st::run<Job>([&](st::trainer<Job>& t) {
        t.initialise(1);
        auto const step = [&](long s) {
            st::step_numbers n;
            n.adamw.lr = 1e-3;
            n.adamw.step = s;
            (void)t.step(n, [&](long row, int* in, int* out) {
                for (long i = 0; i < Job::batch.sequence; ++i)
                    in[i] = static_cast<int>((row * 7 + i * 13 + s) % 2000), out[i] = (in[i] + 13) % 2000;
            });
        };
        std::size_t const hidden = what == hides::nothing || t.rank() != 0 ? 0 : static_cast<std::size_t>(f.plan / 20);
        auto* const buffer = static_cast<char*>(hidden == 0 ? nullptr : std::malloc(hidden));
        if (buffer != nullptr) std::memset(buffer, 1, hidden);
        st::thread::communicator const& all = t.comm().all;
        step(1), step(2);
        all.barrier();
        if (t.rank() == 0) memory_hooks::watch(true);
        all.barrier();
        step(3), step(4);
        all.barrier();
        if (t.rank() == 0) memory_hooks::watch(false), f.grown = st::resident_bytes() - before;
        all.barrier();
        std::free(buffer);
    });
    f.overflow = memory_hooks::overflow;
    f.rows = memory_hooks::row_count;
    for (int i = 0; i < f.rows; ++i) {
        f.row[i] = memory_hooks::rows[i];
        char const* const slash = std::strrchr(f.row[i].object, '/');
        std::snprintf(f.object[i], sizeof f.object[i], "%s", slash == nullptr ? f.row[i].object : slash + 1);
    }
    f.finished = true;
}

// In a process of its own: nobody's memory is reused, and libraries load and warm up as in a program that trains once.
template <class Job>
found const& measure(hides what = hides::nothing) {
    static auto& f =
        *static_cast<found*>(mmap(nullptr, sizeof(found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::fflush(stdout);
    f = found{};
    pid_t const child = fork();
    if (child == 0) {
        try {
            train<Job>(f, what);
        } catch (std::exception const& e) {
            std::printf("%s: %s\n", Job::name, e.what());
            std::fflush(stdout);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(status == 0);
    REQUIRE(f.finished);
    CHECK_FALSE(f.overflow);
    return f;
}

struct totals {
    long own_calls = 0, own_bytes = 0;  // of this program's code
    long at_once = 0;                   // the most that one library held on one rank
    long mapped = 0;                    // bytes, by anybody
};

// Adds up, and prints a line for each library: over all ranks the calls and bytes of a step, on one rank the most at once.
totals print(found const& f, char const* name, long ranks) {
    totals t;
    std::printf("%-32s %2ld ranks: plan %8.2f MiB, process grew %8.2f MiB (%.2f %% off)\n", name, ranks,
                static_cast<double>(f.plan) / (1 << 20), static_cast<double>(f.grown) / (1 << 20), percent_off(f));
    bool done[memory_hooks::max_rows]{};
    for (int i = 0; i < f.rows; ++i) {
        memory_hooks::row sum = f.row[i];
        sum.calls = sum.bytes = sum.largest = sum.at_once = 0;
        for (int j = i; j < f.rows && !done[i]; ++j) {
            memory_hooks::row const& r = f.row[j];
            if (r.base != sum.base || r.mapped != sum.mapped) continue;
            if (j != i) done[j] = true;
            sum.calls += r.calls, sum.bytes += r.bytes;
            sum.largest = r.largest > sum.largest ? r.largest : sum.largest;
            sum.at_once = r.at_once > sum.at_once ? r.at_once : sum.at_once;
        }
        if (done[i]) continue;
        std::printf("    %-24s %-6s %6ld calls a step, the largest %4ld bytes, at most %4ld at once on a rank\n",
                    sum.own ? "this program" : f.object[i], sum.mapped ? "mmap" : "malloc", sum.calls / 2, sum.largest,
                    sum.at_once);
        if (sum.own) t.own_calls += sum.calls, t.own_bytes += sum.bytes;
        if (!sum.own && sum.at_once > t.at_once) t.at_once = sum.at_once;
        if (sum.mapped) t.mapped += sum.bytes;
    }
    std::fflush(stdout);
    return t;
}

#ifdef WATCHES_MEMORY
constexpr bool watches = true;
#else
constexpr bool watches = false;
#endif

template <class Layout>
void check() {
    using job = layouts::job<Layout, debug_model>;
    CAPTURE(job::name);
    found const& f = measure<job>();
    totals const t = print(f, job::name, job::mesh::size);
    CHECK(t.own_bytes == 0);
    CHECK(t.own_calls == 0);
    CHECK(t.mapped == 0);
    CHECK(t.at_once < 1024);
    CHECK(percent_off(f) < 3);
    // The reserve is no reserve of anything else: what lies outside the arenas is neither much less nor much more.
    double const outside = static_cast<double>(f.grown - f.plan) / static_cast<double>(f.reserved) + 1;
    CHECK(outside > 0.5);
    CHECK(outside < 2);
}

/// `add`, with a buffer of 4 KiB that no schedule knows.
struct hiding_add {
    static constexpr char name[] = "add";
};
struct hiding_job : layouts::job<layouts::fsdp_8, debug_model> {
    using kernels = st::type_list<hiding_add>;
    static constexpr char const* name = "[8] fsdp, a kernel hides 4 KiB";
};

}  // namespace

template <>
struct shardtype::cpu_kernel<hiding_add> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        void* volatile const hidden = std::malloc(4096);
        cpu_kernel<kernels::add>::template run<T>(c, s, a, nullptr);
        std::free(hidden);
    }
};

TEST_CASE("a step takes no memory, and the process is as large as the plan" * doctest::skip(!watches)) {
    check<layouts::one>();
    check<layouts::fsdp_8>();
    check<layouts::fsdp_2_sp_4>();
    check<layouts::hsdp_2_2_sp_2>();
}

TEST_CASE("a kernel that hides 4 KiB is caught" * doctest::skip(!watches)) {
    found const& f = measure<hiding_job>();
    totals const t = print(f, hiding_job::name, hiding_job::mesh::size);
    CHECK(t.own_calls > 0);
    CHECK(t.own_bytes == t.own_calls * 4096);
    CHECK(percent_off(f) < 3);  // it comes and goes: only the hooks see it
}

TEST_CASE("a rank that keeps 5 % of the plan is caught" * doctest::skip(!watches)) {
    using job = layouts::job<layouts::fsdp_8, debug_model>;
    found const& f = measure<job>(hides::five_percent);
    totals const t = print(f, "[8] fsdp, a rank keeps 5 %", job::mesh::size);
    CHECK(t.own_calls == 0);  // taken before the steps: only the process's size shows it
    CHECK(percent_off(f) >= 3);
}
