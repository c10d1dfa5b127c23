// Thread ranks that share one device: every collective, against a plain computation, bit by bit, and against thread
// ranks of the CPU; orders of streams drawn anew for each seed.

#include <doctest/doctest.h>

#include "gpu_lab.hpp"

#include <shardtype/comm/shared_gpu/world.hpp>
#include <shardtype/comm/thread/world.hpp>

#include <atomic>

using namespace shardtype;
using shared_gpu::rank_communicators;

namespace {

std::vector<std::vector<int>> const meshes = {{1}, {2}, {2, 2}, {2, 3}};

template <class F>
void on_mesh(std::vector<int> const& sizes, F f) {
    shared_gpu::world ranks(sizes.data(), static_cast<int>(sizes.size()), 4);
    ranks.run(f);
}

// What run() throws, "" where it returns. An end must never be a hang.
template <class F>
std::string message_of(shared_gpu::world& ranks, F f) {
    auto const begin = std::chrono::steady_clock::now();
    std::string message;
    try {
        ranks.run(f);
    } catch (std::runtime_error const& error) {
        message = error.what();
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    return message;
}

bool contains(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE_TEMPLATE("collectives", T, float, double, bf16, int) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 3; ++seed) {
            fake::set_seed(seed);
            on_mesh(sizes, [&](rank_communicators& me) { lab::collectives<T>(me, sizes, false); });
        }
}

TEST_CASE_TEMPLATE("several in flight, on several axes", T, float, bf16) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 8; ++seed) {
            fake::set_seed(seed);
            on_mesh(sizes, [&](rank_communicators& me) { lab::crossing<T>(me, sizes, false); });
        }
}

TEST_CASE_TEMPLATE("bits of thread ranks", T, float, bf16) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        fake::set_seed(seed);
        int const n = 6;
        long const count = 500;
        auto const in = lab::all_values<T>(3, n, n * count, false);
        std::vector<std::vector<T>> total(6, std::vector<T>(lab::at(n * count))), part(6, in[0]);
        thread::world on_cpu({2, 3}, 1);
        on_cpu.run([&](thread::rank_communicators& me) {
            auto const r = lab::at(me.rank);
            me.all.all_reduce(in[r].data(), total[r].data(), n * count);
            me.all.reduce_scatter(in[r].data(), part[r].data(), 1, count, true);
        });
        on_mesh({2, 3}, [&](rank_communicators& me) {
            auto const r = lab::at(me.rank);
            lab::memory m(me.stream());
            T *const a = m.with(in[r]), *const b = m.of<T>(n * count), *const c = m.with(in[0]);
            me.all.all_reduce(a, b, n * count);
            me.all.reduce_scatter(a, c, 1, count, true);
            m.expect(b, total[r], "all_reduce");
            m.expect(c, part[r], "reduce_scatter");
            me.synchronise();
            m.compare();
        });
    }
}

TEST_CASE("a rank that throws anywhere ends all, and the device does not touch what it frees") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        fake::set_seed(seed);
        std::mt19937 random(seed);
        int const bad = static_cast<int>(random() % 4), when = static_cast<int>(random() % 6);
        int const where = static_cast<int>(seed % 5);
        long const count = 300;
        shared_gpu::world ranks({2, 2}, 2);
        std::vector<int> ended(4);
        std::string const message = message_of(ranks, [&](rank_communicators& me) {
            struct note {
                int& n;
                ~note() { ++n; }
            } const at_end{ended[lab::at(me.rank)]};
            comm_cuda::memory<false> a(4 * count), b(4 * count), c(8 * count);
            shared_gpu::operands_in_use const guard(me);
            auto const fail = [&](int place) {
                if (me.rank == bad && where == place) throw std::runtime_error("lost at " + std::to_string(place));
            };
            for (int i = 0;; ++i) {
                bool const now = i == when;
                if (now) fail(0);
                me.on[0].all_reduce_start(0, a.get<float>(), b.get<float>(), count);
                if (now) fail(1);
                me.on[1].all_gather_start(1, a.get<float>(), c.get<float>(), 1, count);
                me.on[0].all_reduce_wait(0, a.get<float>(), b.get<float>(), count);
                if (now) fail(2);
                me.on[1].all_gather_wait(1, a.get<float>(), c.get<float>(), 1, count);
                if (now) fail(3);
                me.on[1].all_gather_finish(1, a.get<float>(), c.get<float>(), 1, count);
                if (now) fail(4);
                me.on[0].all_reduce_finish(0, a.get<float>(), b.get<float>(), count);
                me.all.barrier();
            }
        });
        CHECK(message == "rank " + std::to_string(bad) + ": lost at " + std::to_string(where));
        CHECK(ended == std::vector<int>(4, 1));
        CHECK(message_of(ranks, [](rank_communicators& me) { me.all.barrier(); }) == "");  // usable again
    }
}

TEST_CASE("collectives that differ, ranks that return, sizes out of range") {
    shared_gpu::world ranks({2}, 1);
    auto const both = [&](auto zero, auto one) {
        return message_of(ranks, [&](rank_communicators& me) {
            comm_cuda::memory<false> a(4096), b(4096);
            shared_gpu::operands_in_use const guard(me);
            if (me.rank == 0)
                zero(me.all, a.get<float>(), b.get<float>());
            else
                one(me.all, a.get<float>(), b.get<float>());
        });
    };
    using handle = shared_gpu::communicator const&;
    CHECK(contains(both([](handle c, float* s, float* t) { c.all_reduce(s, t, 4); },
                        [](handle c, float* s, float* t) { c.all_reduce(s, t, 3); }),
                   "mismatched collectives: rank 0 of the group is in all_reduce(slot 1, f32, count 4, sum), rank 1 in "
                   "all_reduce(slot 1, f32, count 3, sum)"));
    CHECK(contains(both([](handle c, float* s, float* t) { c.reduce_scatter(s, t, 1, 4, true); },
                        [](handle c, float* s, float* t) { c.reduce_scatter(s, t, 1, 4, false); }),
                   "the sum, and another does not"));
    CHECK(contains(both([](handle c, float* s, float* t) { c.all_reduce(s, t, 4); }, [](handle, float*, float*) {}),
                   "rank 1 of the world has returned, others still wait for it in a collective"));
    CHECK(contains(
        both([](handle c, float* s, float* t) { c.all_reduce_start(7, s, t, 4); }, [](handle, float*, float*) {}),
        "slot 7 of a team of 1 slots"));
    CHECK(contains(
        both([](handle c, float* s, float* t) { c.all_reduce_wait(0, s, t, 4); }, [](handle, float*, float*) {}),
        "but what was started there is nothing"));
    CHECK_THROWS_WITH(shared_gpu::world({2, 0}, 1),
                      "axis 1 of a world has size 0: sizes are positive, at most 64 ranks in all");
    CHECK_THROWS_WITH(shared_gpu::world({65}, 1),
                      "axis 0 of a world has size 65: sizes are positive, at most 64 ranks in all");
}

TEST_CASE("ranks record one CUDA graph together") {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        fake::set_seed(seed);
        cudaGraphExec_t recorded = nullptr;
        cudaEvent_t begun = nullptr, ended[3] = {};
        for (cudaEvent_t* e : {&begun, &ended[0], &ended[1], &ended[2]})
            lab::must(cudaEventCreateWithFlags(e, cudaEventDisableTiming), "cudaEventCreateWithFlags");
        thread::poison failure;
        std::atomic<int> departed{-1};
        thread::barrier meeting(3, thread::patience::of(false), failure, departed);
        on_mesh({3}, [&](rank_communicators& me) {
            std::uint64_t met = 0;
            auto const meet = [&] {
                meeting.arrive(++met);
                meeting.await(met);
            };
            long const count = 40;
            lab::memory m(me.stream());
            auto const in = lab::all_values<float>(5, 3, count, false);
            float *const a = m.with(in[lab::at(me.rank)]), *const b = m.of<float>(count),
                         *const c = m.of<float>(3 * count);
            me.synchronise();
            meet();
            if (me.rank == 0) {
                lab::must(cudaStreamBeginCapture(me.stream(), cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
                lab::must(cudaEventRecord(begun, me.stream()), "cudaEventRecord");
            }
            meet();
            {
                auto const turn = me.enqueue();
                if (me.rank > 0) lab::must(cudaStreamWaitEvent(me.stream(), begun, 0), "cudaStreamWaitEvent");
                me.on[0].all_reduce_start(0, a, b, count);
                me.all.all_gather_start(1, a, c, 1, count);
                me.on[0].all_reduce_wait(0, a, b, count);
                me.all.all_gather_wait(1, a, c, 1, count);
                me.on[0].all_reduce_finish(0, a, b, count);
                me.all.all_gather_finish(1, a, c, 1, count);
                me.on[0].all_reduce(b, b, count);
                if (me.rank > 0) lab::must(cudaEventRecord(ended[me.rank], me.stream()), "cudaEventRecord");
            }
            meet();
            if (me.rank == 0) {
                for (int r : {1, 2}) lab::must(cudaStreamWaitEvent(me.stream(), ended[r], 0), "cudaStreamWaitEvent");
                cudaGraph_t made = nullptr;
                lab::must(cudaStreamEndCapture(me.stream(), &made), "cudaStreamEndCapture");
                lab::must(cudaGraphInstantiate(&recorded, made, 0), "cudaGraphInstantiate");
                (void)cudaGraphDestroy(made);
            }
            meet();
            for (int k = 0; k < 3; ++k) {
                m.spoil(b, count);
                m.spoil(c, 3 * count);
                me.synchronise();
                meet();
                if (me.rank == 0) {
                    lab::must(cudaGraphLaunch(recorded, me.stream()), "cudaGraphLaunch");
                    me.synchronise();
                }
                meet();
                std::vector<float> twice(lab::at(count)), whole;
                for (long i = 0; i < count; ++i) {
                    float const s = lab::sum(in, i);
                    twice[lab::at(i)] = s + s + s;
                }
                for (auto const& v : in) whole.insert(whole.end(), v.begin(), v.end());
                m.expect(b, twice, "all_reduce in a graph, launch " + std::to_string(k));
                m.expect(c, whole, "all_gather in a graph, launch " + std::to_string(k));
                me.synchronise();
                m.compare();
                meet();
            }
        });
        (void)cudaGraphExecDestroy(recorded);
        for (cudaEvent_t e : {begun, ended[0], ended[1], ended[2]}) (void)cudaEventDestroy(e);
    }
}
