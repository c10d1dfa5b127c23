#include <doctest/doctest.h>

#include <shardtype/comm/thread/world.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <random>
#include <chrono>
#include <vector>

using namespace shardtype;
using thread::rank_communicators;

namespace {

std::size_t at(long i) { return static_cast<std::size_t>(i); }

}  // namespace

TEST_CASE("a mesh is row-major and joins the right ranks on every axis") {
    for (auto const& sizes : {std::vector<int>{8}, {2, 4}, {2, 2, 2}, {1, 3}, {3, 1, 2}, {1}, {2, 1, 2, 2}, {}}) {
        int const axes = static_cast<int>(sizes.size());
        thread::world ranks(sizes.data(), axes, 1);
        int size = 1;
        for (int const s : sizes) size *= s;
        REQUIRE(ranks.size() == size);
        std::vector<rank_communicators> seen(at(size));
        std::vector<int> gathered(at(size * 4 * 8), -1);
        ranks.run([&](rank_communicators& me) {
            seen[at(me.rank)] = me;
            for (int a = 0; a < axes; ++a) me.on[a].all_gather(&me.rank, &gathered[at((me.rank * 4 + a) * 8)], 1, 1);
        });
        for (int r = 0; r < size; ++r) {
            int number = 0;
            for (int a = 0; a < axes; ++a) number = number * sizes[at(a)] + seen[at(r)].coordinate[a];
            CHECK(number == r);
            CHECK(seen[at(r)].all.rank() == r);
            CHECK(seen[at(r)].all.size() == size);
            for (int a = 0; a < axes; ++a) {
                CHECK(seen[at(r)].on[a].rank() == seen[at(r)].coordinate[a]);
                CHECK(seen[at(r)].on[a].size() == sizes[at(a)]);
                int stride = 1;
                for (int b = a + 1; b < axes; ++b) stride *= sizes[at(b)];
                for (int i = 0; i < sizes[at(a)]; ++i)
                    CHECK(gathered[at((r * 4 + a) * 8 + i)] == r + (i - seen[at(r)].coordinate[a]) * stride);
            }
        }
    }
}

namespace {

// Some ranks are late, each time others.
void dawdle(std::mt19937& random) {
    unsigned const draw = random() % 16;
    if (draw == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
    if (draw == 1) std::this_thread::yield();
}

// A start runs up to a trip ahead of its wait, its finish comes up to a trip after it.
void keep_every_slot_in_flight(std::vector<int> const& sizes, thread::patience limits, unsigned seed = 0) {
    int const axes = static_cast<int>(sizes.size());
    constexpr int kinds = 3;
    constexpr int trips = 60;
    thread::world ranks(sizes.data(), axes, 2 * kinds, limits);
    ranks.run([&](rank_communicators& me) {
        std::mt19937 random(seed + static_cast<unsigned>(me.rank));
        for (long const count : {5L, 3000L, 9001L}) {  // staged or not, an all_reduce alone or in slices
            // Buffers for each axis, kind and parity. In trip t rank r of a group contributes 1000 t + r + i.
            std::vector<std::vector<int>> source(at(axes * kinds * 2)), target(source.size());
            auto const finish = [&](int trip) {
                for (int a = 0; a < axes; ++a)
                    for (int k = 0; k < kinds; ++k) {
                        int const slot = 2 * k + trip % 2;
                        auto& in = source[at(a * kinds * 2 + slot)];
                        auto& out = target[at(a * kinds * 2 + slot)];
                        auto const& c = me.on[a];
                        if (seed > 0) dawdle(random);
                        if (k == 0) c.all_reduce_finish(slot, in.data(), out.data(), count);
                        if (k == 1) c.all_gather_finish(slot, in.data(), out.data(), 1, count);
                        if (k == 2) c.reduce_scatter_finish(slot, in.data(), out.data(), 1, count);
                        std::fill(in.begin(), in.end(), -5);  // ours again
                    }
            };
            auto const begin = [&](int trip) {
                if (trip > 1) finish(trip - 2);
                for (int a = 0; a < axes; ++a) {
                    auto const& c = me.on[a];
                    for (int k = 0; k < kinds; ++k) {
                        int const slot = 2 * k + trip % 2;
                        auto& in = source[at(a * kinds * 2 + slot)];
                        auto& out = target[at(a * kinds * 2 + slot)];
                        in.resize(at(k == 2 ? count * c.size() : count));
                        out.assign(at(k == 1 ? count * c.size() : count), -1);
                        for (std::size_t i = 0; i < in.size(); ++i)
                            in[i] = 1000 * trip + c.rank() + static_cast<int>(i);
                        if (seed > 0) dawdle(random);
                        if (k == 0) c.all_reduce_start(slot, in.data(), out.data(), count);
                        if (k == 1) c.all_gather_start(slot, in.data(), out.data(), 1, count);
                        if (k == 2) c.reduce_scatter_start(slot, in.data(), out.data(), 1, count);
                    }
                }
            };
            auto const end = [&](int trip) {
                for (int a = axes - 1; a >= 0; --a) {
                    auto const& c = me.on[a];
                    int const n = c.size(), ranks_sum = n * (n - 1) / 2;
                    for (int k = kinds - 1; k >= 0; --k) {  // another order than that of the starts
                        int const slot = 2 * k + trip % 2;
                        auto& in = source[at(a * kinds * 2 + slot)];
                        auto& out = target[at(a * kinds * 2 + slot)];
                        if (seed > 0) dawdle(random);
                        if (k == 0) c.all_reduce_wait(slot, in.data(), out.data(), count);
                        if (k == 1) c.all_gather_wait(slot, in.data(), out.data(), 1, count);
                        if (k == 2) c.reduce_scatter_wait(slot, in.data(), out.data(), 1, count, false);
                        bool good = true;
                        for (long i = 0; i < static_cast<long>(out.size()); ++i) {
                            int expected = n * (1000 * trip + static_cast<int>(i)) + ranks_sum;
                            if (k == 1) expected = 1000 * trip + static_cast<int>(i / count + i % count);
                            if (k == 2) expected += n * c.rank() * static_cast<int>(count);
                            good = good && out[at(i)] == expected;
                        }
                        if (!good)
                            throw std::runtime_error("wrong in trip " + std::to_string(trip) + ", axis " +
                                                     std::to_string(a) + ", kind " + std::to_string(k));
                        std::fill(out.begin(), out.end(), -7);
                    }
                }
            };
            begin(0);
            for (int t = 0; t < trips; ++t) {
                if (t + 1 < trips) begin(t + 1);
                end(t);
            }
            finish(trips - 2);
            finish(trips - 1);
        }
    });
}

}  // namespace

TEST_CASE("every slot in flight, starts a trip ahead of their waits, on all axes at once") {
    for (auto const& sizes : {std::vector<int>{2, 4}, {2, 2, 2}, {8}})
        for (auto const limits : {thread::patience{400, 16, 0}, thread::patience{16, 1, 4096}})
            keep_every_slot_in_flight(sizes, limits);
}

TEST_CASE("the same with ranks that are late at random") {
    for (unsigned seed = 1; seed <= 3; ++seed)
        for (auto const limits : {thread::patience{400, 16, 0}, thread::patience{16, 1, 4096}})
            keep_every_slot_in_flight({2, 4}, limits, seed);
}

TEST_CASE("a start, and the wait of the last to come, wait for nobody") {
    int const n = 2;
    for (long const bytes : {0L, 4096L}) {
        thread::world ranks(&n, 1, 2, {400, 16, bytes});
        std::atomic<int> at_ease{0};
        ranks.run([&](rank_communicators& me) {
            std::vector<float> in(100), out(200);
            thread::operands_in_use const guard(me);
            me.all.all_gather_start(0, in.data(), out.data(), 1, 100);
            if (me.rank == 0) {  // rank 1 waits for what was started, while rank 0 is in no collective
                while (at_ease == 0) std::this_thread::yield();
            } else {
                me.all.all_gather_wait(0, in.data(), out.data(), 1, 100);
                at_ease = 1;
            }
            if (me.rank == 0) me.all.all_gather_wait(0, in.data(), out.data(), 1, 100);
            me.all.all_gather_finish(0, in.data(), out.data(), 1, 100);
        });
        CHECK(at_ease == 1);
    }
}

TEST_CASE("finish waits for those that still read") {
    int const n = 2;
    for (long const bytes : {0L, 4096L}) {
        thread::world ranks(&n, 1, 1, {400, 16, bytes});
        std::atomic<bool> reading{false};
        bool ended_early = false;
        std::vector<std::vector<int>> out(2, std::vector<int>(200));
        ranks.run([&](rank_communicators& me) {
            std::vector<int> in(100, me.rank + 1);
            int* const to = out[at(me.rank)].data();
            thread::operands_in_use const guard(me);
            me.all.all_gather_start(0, in.data(), to, 1, 100);
            if (me.rank == 1) {
                std::this_thread::sleep_for(std::chrono::milliseconds(30));
                reading = true;
            }
            me.all.all_gather_wait(0, in.data(), to, 1, 100);
            me.all.all_gather_finish(0, in.data(), to, 1, 100);
            if (me.rank == 0) ended_early = !reading;
            std::fill(in.begin(), in.end(), -1);
        });
        CHECK(ended_early == (bytes > 0));  // copied operands are nobody's business
        CHECK(out[0] == out[1]);
        CHECK(std::count(out[1].begin(), out[1].end(), 1) == 100);
    }
}

TEST_CASE("copies lie in the memory that a rank has lent, until nobody reads them any more") {
    int const n = 2;
    for (int const between : {0, 62, 63}) {  // 64 starts are the most that one may be behind
        CAPTURE(between);
        thread::world ranks(&n, 1, 1, {16, 1, 4096}, thread::staging_from::ranks);
        std::vector<std::vector<int>> out(2, std::vector<int>(200));
        bool was_copied = false;
        ranks.run([&](rank_communicators& me) {
            std::vector<int> in(100, me.rank + 1);
            int* const to = out[at(me.rank)].data();
            std::vector<std::byte> memory(at(thread::staging::bytes(1)));
            {
                thread::operands_in_use const guard(me, memory.data());
                me.all.all_gather_start(0, in.data(), to, 1, 100);
                auto const complete = [&] {
                    me.all.all_gather_wait(0, in.data(), to, 1, 100);
                    me.all.all_gather_finish(0, in.data(), to, 1, 100);
                };
                if (me.rank == 0) complete();
                for (int i = 0; i < between; ++i) me.all.barrier();
                if (me.rank == 1) std::this_thread::sleep_for(std::chrono::milliseconds(30)), complete();
                if (me.rank == 0) was_copied = std::memcmp(memory.data(), in.data(), 400) == 0;
                std::fill(in.begin(), in.end(), -1);
            }
            std::fill(memory.begin(), memory.end(), std::byte{0xff});  // rank 0 would, before rank 1 has read
            me.all.all_gather(in.data(), to, 1, 0);                    // nothing lent any more
        });
        CHECK(was_copied);
        CHECK(out[0] == out[1]);
        CHECK(std::count(out[1].begin(), out[1].end(), 1) == 100);
        CHECK(std::count(out[1].begin(), out[1].end(), 2) == 100);
    }
}

TEST_CASE("runs are bitwise equal, whatever the timing") {
    int const n = 8;
    auto const once = [&](thread::patience limits) {
        thread::world ranks(&n, 1, 0, limits);
        std::vector<std::vector<float>> data(n, std::vector<float>(3001));
        for (int r = 0; r < n; ++r)
            for (int i = 0; i < 3001; ++i) data[at(r)][at(i)] = 1.0f / static_cast<float>(1 + r + i * n);
        ranks.run([&](rank_communicators& me) {
            auto& mine = data[at(me.rank)];
            for (int i = 0; i < 30; ++i) {
                if ((i + me.rank) % 3 == 0) std::this_thread::yield();
                me.all.all_reduce(mine.data(), mine.data(), i % 2 ? 3001 : 700);
                for (float& v : mine) v = v / 7.9f + static_cast<float>(me.rank) * 1e-3f;
            }
        });
        return data;
    };
    auto const first = once({400, 16, 0});
    CHECK(first == once({400, 16, 0}));
    CHECK(first == once({0, 1, 4096}));
}

TEST_CASE("10,000 barriers of 8 ranks, however many CPUs there are") {
    for (auto const limits : {thread::patience::of(false), thread::patience{0, 1, 0}, thread::patience{200, 16, 0}}) {
        int const n = 8;
        thread::world ranks(&n, 1, 0, limits);
        std::atomic<long> arrivals{0};
        ranks.run([&](rank_communicators& me) {
            for (long i = 1; i <= 10'000; ++i) {
                arrivals.fetch_add(1, std::memory_order_relaxed);
                me.all.barrier();
                long const seen = arrivals.load(std::memory_order_relaxed);
                if (seen < n * i || seen >= n * (i + 1)) throw std::runtime_error("a rank came through early");
            }
        });
    }
}

TEST_CASE("a world of nonsense sizes is refused") {
    CHECK_THROWS_WITH(thread::world({2, 0}, 1),
                      "axis 1 of a world has size 0: sizes are positive, at most 256 ranks in all");
    CHECK_THROWS_WITH(thread::world({2, 2, 2, 2, 2}, 1),
                      "a world of 5 axes and 1 slots: axes are 0 to 4, slots not negative");
    CHECK_THROWS(thread::world({65536, 65536}, 1));
    CHECK_THROWS(thread::world({2}, -1));
}

TEST_CASE("usable CPUs") {
    CHECK(thread::usable_cpus() >= 1);
    CHECK(thread::usable_cpus() <= static_cast<int>(std::thread::hardware_concurrency()));
}
