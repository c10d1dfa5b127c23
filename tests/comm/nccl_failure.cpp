// How a run of NCCL ranks ends: mismatched collectives, ranks that never come, errors of NCCL's, exceptions. And CUDA
// graphs of collectives. On a fake of NCCL, whose processes are threads.

#include <doctest/doctest.h>

#include "gpu_lab.hpp"
#include "nccl_ranks.hpp"

#include <cstdlib>

using namespace shardtype;
using nccl::rank_communicators;

namespace {

nccl::options within(double seconds, bool check = false) { return {seconds, check}; }
bool contains(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }
void rest(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// Every rank's line; all ranks must have ended soon.
template <class F>
std::vector<std::string> lines(std::vector<int> const& sizes, nccl::options with, F f) {
    auto const begin = std::chrono::steady_clock::now();
    auto said = lab::run_each(sizes, with, f);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
    for (std::string const& line : said) CHECK(line.find('\n') == std::string::npos);
    return said;
}

struct two {
    lab::memory m;
    float *a, *b;
    nccl::operands_in_use guard;
    explicit two(rank_communicators const& me)
        : m(me.stream()), a(m.with(std::vector<float>(64, 1.F))), b(m.of<float>(640)), guard(me) {}
};

}  // namespace

TEST_CASE("ranks that are in different collectives are told both, before anything is wrong") {
    struct way {
        void (*at_rank_2)(nccl::communicator const&, float*, float*);
        char const* text;
    };
    way const ways[] = {
        {[](nccl::communicator const& c, float* a, float* b) { c.all_reduce(a, b, 3); },
         "rank 2 in all_reduce(slot 4, f32, count 3, sum) number 1"},
        {[](nccl::communicator const& c, float* a, float* b) { c.all_gather(a, b, 1, 4); },
         "rank 2 in all_gather(slot 4, f32, outer 1, block 4) number 1"},
        {[](nccl::communicator const& c, float* a, float* b) {
             c.all_reduce(reinterpret_cast<int*>(a), reinterpret_cast<int*>(b), 4);
         },
         "rank 2 in all_reduce(slot 4, i32, count 4, sum) number 1"},
        {[](nccl::communicator const& c, float* a, float* b) { c.all_reduce(a, b, 4, reduction::max); },
         "rank 2 in all_reduce(slot 4, f32, count 4, max) number 1"},
        {[](nccl::communicator const& c, float*, float*) { c.barrier(); }, "rank 2 in barrier number 1"}};
    for (way const& w : ways) {
        auto const said = lines({3}, within(20, true), [&](rank_communicators& me) {
            two t(me);
            me.on[0].all_reduce(t.a, t.b, 4);
            if (me.rank == 2)
                w.at_rank_2(me.on[0], t.a, t.b);
            else
                me.on[0].all_reduce(t.a, t.b, 4);
        });
        for (int r = 0; r < 3; ++r) {
            std::string const& line = said[lab::at(r)];
            CAPTURE(line);
            CHECK(line.rfind("rank " + std::to_string(r) + " on host ", 0) == 0);
            CHECK(
                contains(line,
                         "mismatched collectives on axis 0: rank 0 of the group is in all_reduce(slot 4, f32, count 4, "
                         "sum) number 1, "));
            CHECK(contains(line, w.text));
        }
    }
}

TEST_CASE("a rank that never comes: the others name what they wait for, and end") {
    for (bool const check : {false, true}) {
        auto const said = lines({2, 2}, within(1, check), [&](rank_communicators& me) {
            two t(me);
            me.on[1].all_reduce(t.a, t.b, 4);
            if (me.rank == 3) rest(3);
            if (me.rank != 3) me.on[0].all_gather(t.a, t.b, 2, 16);
        });
        std::string const what =
            std::string(check ? "the comparison before " : "") +
            "all_gather(slot 4, f32, outer 2, block 16) of axis 0, number 0, 128 bytes, has waited 1";
        CAPTURE(said[1]);
        CHECK(said[1].rfind("rank 1 on host ", 0) == 0);
        CHECK(contains(said[1], what));
        CHECK(contains(said[1], " s for rank 3"));
        for (std::string const& line : said) CHECK(contains(line, "has waited 1"));
    }
}

TEST_CASE("a rank that does not come to the first meeting") {
    ncclUniqueId const id = nccl::unique_id();
    std::vector<std::string> said(2);
    std::vector<std::thread> threads;
    for (int r = 0; r < 2; ++r)
        threads.emplace_back([&, r] {
            (void)cudaSetDevice(r);
            try {
                nccl::world const ranks(id, r, {3}, 1, within(0.5));
            } catch (std::runtime_error const& error) {
                said[lab::at(r)] = error.what();
            }
        });
    for (auto& t : threads) t.join();
    CAPTURE(said[1]);
    CHECK(contains(said[0], ": ncclCommInitRankConfig of 3 ranks has waited 0.5 s for a connection with ranks 1, 2"));
    CHECK(contains(said[1], ": ncclCommInitRankConfig of 3 ranks has waited 0.5 s for a connection with ranks 0, 2"));
}

TEST_CASE("an error that NCCL meets by itself") {
    auto const said = lines({3}, within(20), [&](rank_communicators& me) {
        two t(me);
        if (me.rank == 2) {
            rest(0.3);
            fake::nccl_fail(fake::nccl_comms.back().get(), -1, ncclRemoteError);
            me.synchronise();
            return;
        }
        me.on[0].all_reduce(t.a, t.b, 4);
        me.synchronise();
    });
    CAPTURE(said[0]);
    CHECK(contains(said[0],
                   "all_reduce(slot 4, f32, count 4, sum) of axis 0, number 0, 16 bytes, with ranks 1, 2: remote "
                   "process exited or there was a network error"));
    CHECK(contains(said[1], "remote process exited"));
    CHECK(contains(said[2], "remote process exited"));
}

TEST_CASE("a rank that throws between a start and its wait") {
    auto const said = lines({2, 2}, within(1), [&](rank_communicators& me) {
        two t(me);
        me.on[0].all_reduce_start(0, t.a, t.b, 4);
        if (me.rank == 1) throw std::runtime_error("the disk is full");
        me.on[0].all_reduce_wait(0, t.a, t.b, 4);
        me.on[0].all_reduce_finish(0, t.a, t.b, 4);
        me.all.barrier();
    });
    CAPTURE(said[1]);
    CHECK(said[1].rfind("rank 1 on host ", 0) == 0);
    CHECK(contains(said[1], ": the disk is full"));
    for (int r : {0, 2, 3}) CHECK(contains(said[lab::at(r)], "has waited 1"));
}

TEST_CASE("what is started is what is waited for") {
    CHECK(lab::run({2}, within(20), [&](rank_communicators& me) {
              two t(me);
              nccl::communicator const& c = me.on[0];
              float *const x = t.a, *const y = t.b;
              auto const says = [](auto f, std::string const& what) {
                  try {
                      f();
                  } catch (std::exception const& error) {
                      if (!contains(error.what(), what)) throw;
                      return;
                  }
                  throw std::runtime_error("nothing says " + what);
              };
              c.all_reduce_start(0, x, y, 2);
              says([&] { c.all_reduce_start(0, x, y, 2); },
                   "starts in a slot where all_reduce(slot 0, f32, count 2, sum) has "
                   "not been waited for");
              says([&] { c.all_reduce_wait(0, x, y, 1); },
                   "but what was started there is all_reduce(slot 0, f32, count 2");
              says([&] { c.all_reduce_finish(0, x, y, 2); }, "at another phase");
              c.all_reduce_wait(0, x, y, 2);
              c.all_reduce_finish(0, x, y, 2);
              says([&] { c.all_reduce_wait(1, x, y, 2); }, "but what was started there is nothing");
              says([&] { c.all_reduce_start(9, x, y, 2); }, "slot 9 of a group of 4 slots");
              says([&] { c.broadcast(x, 2, 2); }, "a size or root out of range");
          }) == "");
}

namespace {

struct graph {
    cudaGraphExec_t run = nullptr;
    rank_communicators const& of;
    template <class F>
    graph(rank_communicators const& me, F f) : of(me) {
        cudaStream_t const on = me.stream();
        cudaGraph_t made = nullptr;
        lab::must(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        try {
            f();
        } catch (...) {
            (void)cudaStreamEndCapture(on, &made);
            throw;
        }
        lab::must(cudaStreamEndCapture(on, &made), "cudaStreamEndCapture");
        lab::must(cudaGraphInstantiate(&run, made, 0), "cudaGraphInstantiate");
        (void)cudaGraphDestroy(made);
        of.keep(&run);  // NCCL aborts no communicator whose collectives a graph holds
    }
    ~graph() {
        of.forget(&run);
        if (run != nullptr) (void)cudaGraphExecDestroy(run);
    }
};

}  // namespace

TEST_CASE("a step in a CUDA graph, again and again with other numbers") {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        fake::set_seed(seed);
        CHECK(lab::run({2, 2}, within(20), [&](rank_communicators& me) {
                  lab::memory m(me.stream());
                  long const count = 50;
                  float *const a = m.of<float>(count), *const b = m.of<float>(count), *const c = m.of<float>(2 * count),
                               *const sum = m.of<float>(count);
                  auto const step = [&] {
                      me.on[0].all_reduce_start(0, a, b, count);
                      me.on[1].all_gather_start(1, a, c, 1, count);
                      me.on[0].all_reduce_wait(0, a, b, count);
                      me.on[0].all_reduce_finish(0, a, b, count);
                      me.on[1].all_gather_wait(1, a, c, 1, count);
                      me.on[1].all_gather_finish(1, a, c, 1, count);
                      me.on[1].reduce_scatter(c, sum, 1, count, true);
                  };
                  step();
                  graph const recorded(me, step);
                  std::vector<float> expected(lab::at(count), 0.F);
                  for (int k = 1; k <= 4; ++k) {
                      std::vector<float> now(lab::at(count), static_cast<float>(k * (1 + me.rank)));
                      lab::must(cudaMemcpyAsync(a, now.data(), now.size() * sizeof(float), cudaMemcpyHostToDevice,
                                                me.stream()),
                                "");
                      if (k == 1) lab::must(cudaMemsetAsync(sum, 0, lab::at(count) * sizeof(float), me.stream()), "");
                      lab::must(cudaGraphLaunch(recorded.run, me.stream()), "cudaGraphLaunch");
                      int const other = me.rank ^ 2, left = me.rank / 2 * 2;
                      std::vector<float> const reduced(lab::at(count), static_cast<float>(k * (2 + me.rank + other)));
                      for (float& x : expected) x += static_cast<float>(2 * k * (1 + left + me.coordinate[1]));
                      m.expect(b, reduced, "all_reduce in a graph, launch " + std::to_string(k));
                      m.expect(sum, expected, "reduce_scatter in a graph, launch " + std::to_string(k));
                      m.spoil(b, count);
                  }
                  me.synchronise();
                  m.compare();
              }) == "");
    }
}

TEST_CASE("in a CUDA graph, too, the collective that waits is named") {
    auto const said = lines({2}, within(1), [&](rank_communicators& me) {
        two t(me);
        auto const step = [&] {
            me.on[0].all_reduce(t.a, t.b, 4);
            me.on[0].all_gather(t.a, t.b, 1, 4);
        };
        step();
        graph const recorded(me, step);
        for (int k = 0; k < 3; ++k) lab::must(cudaGraphLaunch(recorded.run, me.stream()), "cudaGraphLaunch");
        if (me.rank == 0) lab::must(cudaGraphLaunch(recorded.run, me.stream()), "cudaGraphLaunch");
        if (me.rank == 1) me.synchronise(), rest(3);
        me.synchronise();
    });
    CAPTURE(said[0]);
    CHECK(contains(said[0], "all_reduce(slot 4, f32, count 4, sum) of axis 0, number 2, 16 bytes, has waited 1"));
}

TEST_CASE("what a CUDA graph cannot hold") {
    auto said = lines({2}, within(5, true), [&](rank_communicators& me) {
        two t(me);
        graph const recorded(me, [&] { me.on[0].all_reduce(t.a, t.b, 4); });
    });
    CHECK(contains(said[0], "SHARDTYPE_CHECK_COLLECTIVES=1 compares collectives on the host"));
    said = lines({2}, within(5), [&](rank_communicators& me) {
        two t(me);
        graph const recorded(me, [&] { me.on[0].reduce_scatter(t.a, t.b, 1, 8); });
    });
    CHECK(contains(said[1],
                   "reduce_scatter(slot 4, f32, outer 1, block 8) of axis 0 has a room of 0 bytes and takes 32: in a "
                   "CUDA graph nothing is allocated"));
    CHECK(lab::run({2}, within(5), [&](rank_communicators& me) {
              two t(me);
              me.on[0].lend(0, reinterpret_cast<std::byte*>(t.m.of<float>(8)), 32);
              me.all.barrier();
              long const before = fake::call_count("cudaMalloc");
              me.all.barrier();
              me.on[0].reduce_scatter_start(0, t.a, t.b, 1, 8);
              me.on[0].reduce_scatter_wait(0, t.a, t.b, 1, 8, false);
              me.on[0].reduce_scatter_finish(0, t.a, t.b, 1, 8);
              me.all.barrier();
              if (fake::call_count("cudaMalloc") != before) throw std::runtime_error("it allocates");
          }) == "");
}

TEST_CASE("what the environment says") {
    setenv("SHARDTYPE_DEADLINE", "2.5", 1);
    setenv("SHARDTYPE_CHECK_COLLECTIVES", "1", 1);
    CHECK(nccl::options::of_environment().deadline == 2.5);
    CHECK(nccl::options::of_environment().check);
    setenv("SHARDTYPE_DEADLINE", "never", 1);
    CHECK_THROWS_WITH(nccl::options::of_environment(),
                      "SHARDTYPE_DEADLINE is \"never\": it is a number of seconds above 0");
    unsetenv("SHARDTYPE_DEADLINE");
    setenv("SHARDTYPE_CHECK_COLLECTIVES", "yes", 1);
    CHECK_THROWS_WITH(nccl::options::of_environment(), "SHARDTYPE_CHECK_COLLECTIVES is \"yes\": it is 0 or 1");
    unsetenv("SHARDTYPE_CHECK_COLLECTIVES");
    CHECK(!nccl::options::of_environment().check);
}
