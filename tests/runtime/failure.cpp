// What a step must not do: hang when a rank fails, or allocate.

#include <doctest/doctest.h>

#include "../support/allocations.hpp"
#include "../support/bare_program.hpp"
#include "../support/layouts.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

struct size {
    static constexpr st::llama_config config{64, 2, 4, 4, 192, 256, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 64};
};
template <class Layout>
using job = layouts::job<Layout, size>;

void any_row(long row, int* tokens, int* targets) {
    for (int i = 0; i < 64; ++i) tokens[i] = targets[i] = static_cast<int>((row * 7 + i) % 256);
}
st::step_numbers numbers(int step) {
    st::step_numbers n;
    n.adamw.step = step + 1;
    return n;
}
void fill_weights(st::walker const& w) {
    st::landmarks const& at = w.program().schedule.at;
    auto* const weights = w.at<float>(at.weights);
    for (long i = 0; i < at.state_bytes / 4; ++i) weights[i] = 0.02F * static_cast<float>(i % 7 - 3);
}

using clock = std::chrono::steady_clock;
std::atomic<clock::rep> thrown_at;  // by the run that is under way

[[noreturn]] void fail(char const* text) {
    thrown_at = clock::now().time_since_epoch().count();
    throw std::runtime_error(text);
}

void throws_on_rank_3(st::rank_context& c, st::step const& s, void* const* a, st::prepared const* ready);
st::bound_step replaced;  // what the throwing kernel stands for
void throws_on_rank_3(st::rank_context& c, st::step const& s, void* const* a, st::prepared const* ready) {
    if (c.rank == 3 && c.numbers.adamw.step == 2) fail("the kernel gave up");
    replaced.run(c, s, a, ready);
}

/// Runs f, which must throw; checks message and time.
template <class F>
void check_failure(std::string const& message, F f) {
    alarm(60);  // a hang ends the test here
    std::string got = "no exception";
    try {
        f();
    } catch (std::exception const& error) {
        got = error.what();
    }
    auto const took = clock::now().time_since_epoch() - clock::duration(thrown_at.load());
    alarm(0);
    CHECK(got == message);
    CHECK(took < std::chrono::seconds(1));
}

template <class Layout>
void kernels_that_throw() {
    bare_program program = bare_program::of<job<Layout>>();
    auto const whole = program.bound;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < program.steps.size(); ++i)
        if (program.steps[i].kind != st::step_kind::release) places.push_back(i);
    std::size_t const n = places.size();
    for (std::size_t at : {std::size_t{1}, n / 4, n / 2, n * 3 / 4, n - 3, n - 1}) {
        std::size_t const place = places[at];
        CAPTURE(Layout::name);
        CAPTURE(place);
        program.bound = whole;
        replaced = whole[place];
        program.bound[place].run = &throws_on_rank_3;
        check_failure("rank 3: the kernel gave up", [&] {
            program.run([&](st::walker& w, auto step) {
                fill_weights(w);
                for (int s = 0; s < 3; ++s) step(numbers(s), any_row);
            });
        });
    }
}

// ---- allocations ----
#ifdef COUNTS_ALLOCATIONS
std::vector<st::bound_step> const* original = nullptr;
st::step const* first_step = nullptr;

/// A product's step, with what oneDNN allocates inside told apart.
void product(st::rank_context& c, st::step const& s, void* const* a, st::prepared const* ready) {
    allocations::now = allocations::watching::library;
    (*original)[static_cast<std::size_t>(&s - first_step)].run(c, s, a, ready);
    allocations::now = allocations::watching::us;
}

template <class Layout>
void count_allocations() {
    bare_program program = bare_program::of<job<Layout>>();
    auto const whole = program.bound;
    original = &whole;
    first_step = program.steps.data();
    for (auto& b : program.bound)
        if (b.prepare != nullptr) b.run = &product;
    std::atomic<long> ours = 0, of_the_library = 0;
    program.run([&](st::walker& w, auto step) {
        fill_weights(w);
        for (int s = 0; s < 5; ++s) {
            allocations::ours = allocations::of_the_library = 0;
            allocations::now = allocations::watching::us;
            step(numbers(s), any_row);
            allocations::now = allocations::watching::nothing;
            if (s == 0) continue;  // the first step may still set up the libraries' own threads and caches
            ours += allocations::ours;
            of_the_library += allocations::of_the_library;
        }
    });
    std::printf("%-42s allocations in 4 steps on all ranks: %ld by us, %ld inside oneDNN\n", Layout::name, ours.load(),
                of_the_library.load());
    CHECK(ours.load() == 0);
}
#endif

}  // namespace

TEST_CASE("a kernel that throws on one rank ends the run within a second, with that rank's message") {
    kernels_that_throw<layouts::fsdp_2_sp_4>();
    kernels_that_throw<layouts::ddp_8>();
}

TEST_CASE("so does an exception where the rows come from") {
    check_failure("rank 3: no row 3", [] {
        st::run<job<layouts::fsdp_8>>([](st::trainer<job<layouts::fsdp_8>>& t) {
            t.initialise(1);
            for (int s = 0; s < 3; ++s)
                t.step(numbers(s), [&](long row, int* tokens, int* targets) {
                    if (s == 1 && row == 3) fail("no row 3");
                    any_row(row, tokens, targets);
                });
        });
    });
}

TEST_CASE("a run after a failed one works") {
    std::atomic<int> done = 0;
    st::run<job<layouts::fsdp_8>>([&](st::trainer<job<layouts::fsdp_8>>& t) {
        t.initialise(1);
        if (t.step(numbers(0), any_row).loss > 0) ++done;
    });
    CHECK(done == 8);
}

#ifdef COUNTS_ALLOCATIONS
TEST_CASE("a step allocates nothing") {
    allocations::now = allocations::watching::us;
    int* volatile counted = new int(1);  // volatile: a compiler may drop the pair otherwise
    delete counted;
    allocations::now = allocations::watching::nothing;
    CHECK(allocations::ours >= 1);
    count_allocations<layouts::one>();
    count_allocations<layouts::fsdp_2_sp_4>();
    count_allocations<layouts::ddp_8>();
}
#endif
