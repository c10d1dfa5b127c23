#include <doctest/doctest.h>

#include <shardtype/comm/thread/world.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace shardtype;
using thread::rank_communicators;

namespace {

std::size_t at(long i) { return static_cast<std::size_t>(i); }

// What run() throws, "" where it returns. Fails where that took a second or more: an end must never be a hang.
template <class F>
std::string message_of(thread::world& ranks, F f) {
    auto const begin = std::chrono::steady_clock::now();
    std::string message;
    try {
        ranks.run(f);
    } catch (std::runtime_error const& error) {
        message = error.what();
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
    return message;
}

bool contains(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a rank that throws anywhere ends all ranks within a second, with its message") {
    for (unsigned seed = 0; seed < 20; ++seed)
        for (auto const limits : {thread::patience::of(true), thread::patience::of(false)}) {
            std::mt19937 random(seed);
            int const sizes[] = {2, 4};
            int const bad = static_cast<int>(random() % 8), when = static_cast<int>(random() % 12);
            int const where = static_cast<int>(seed % 5);
            long const count = seed % 3 == 0 ? 100 : 9000;
            thread::world ranks(sizes, 2, 2, limits);
            std::vector<int> ended(8);
            std::string const message = message_of(ranks, [&](rank_communicators& me) {
                struct note {
                    int& n;
                    ~note() { ++n; }
                } const at_end{ended[at(me.rank)]};
                // Freed while unwinding: nobody may read it then (the thread sanitizer would see it).
                std::vector<float> a(at(count), 1.0f), b(at(count)), c(at(4 * count));
                thread::operands_in_use const guard(me);
                auto const fail = [&](int place) {
                    if (me.rank == bad && where == place) throw std::runtime_error("lost at " + std::to_string(place));
                };
                for (int i = 0;; ++i) {
                    bool const now = i == when;
                    if (now) fail(0);
                    me.on[0].all_reduce_start(0, a.data(), b.data(), count);
                    if (now) fail(1);  // between a start and its wait
                    me.on[1].all_gather_start(1, a.data(), c.data(), 1, count);
                    me.on[0].all_reduce_wait(0, a.data(), b.data(), count);
                    if (now) fail(2);  // others may be in the same collective still
                    me.on[1].all_gather_wait(1, a.data(), c.data(), 1, count);
                    if (now) fail(3);
                    me.on[1].all_gather_finish(1, a.data(), c.data(), 1, count);
                    if (now) fail(4);
                    me.on[0].all_reduce_finish(0, a.data(), b.data(), count);
                    me.all.barrier();
                }
            });
            CHECK(message == "rank " + std::to_string(bad) + ": lost at " + std::to_string(where));
            CHECK(ended == std::vector<int>(8, 1));
            CHECK(message_of(ranks, [](rank_communicators& me) { me.all.barrier(); }) == "");  // usable again
        }
}

TEST_CASE("a rank whose copies nobody will ever read ends too") {
    int const n = 3;
    for (int const bad : {0, 2})
        for (bool const started : {false, true}) {
            CAPTURE(bad);
            CAPTURE(started);
            thread::world ranks(&n, 1, 2, {16, 1, thread::staging::operand_bytes}, thread::staging_from::ranks);
            CHECK(message_of(ranks, [&](rank_communicators& me) {
                      std::vector<float> a(100, 1.0f), b(300);
                      std::vector<std::byte> memory(at(thread::staging::bytes(1)));
                      thread::operands_in_use const guard(me, memory.data());
                      me.on[0].all_gather(a.data(), b.data(), 1, 100);
                      if (started || me.rank != bad) me.all.all_gather_start(0, a.data(), b.data(), 1, 100);
                      if (me.rank == bad) throw std::runtime_error("lost");  // the others copied, and wait for it
                      me.all.all_gather_wait(0, a.data(), b.data(), 1, 100);
                      me.all.all_gather_finish(0, a.data(), b.data(), 1, 100);
                      me.all.barrier();
                  }) == "rank " + std::to_string(bad) + ": lost");
        }
}

TEST_CASE("the other ranks see rank_failed; what is thrown may be anything") {
    thread::world ranks({3}, 0);
    std::atomic<int> failed{0};
    CHECK(message_of(ranks, [&](rank_communicators& me) {
              if (me.rank == 1) throw 42;
              try {
                  me.all.barrier();
              } catch (thread::rank_failed const& error) {
                  if (contains(error.what(), "rank 1: ")) ++failed;
                  throw;
              }
          }) == "rank 1: an exception that is no std::exception");
    CHECK(failed == 2);
}

TEST_CASE("a rank that returns early is named by the ones that wait for it") {
    for (int seed = 0; seed < 5; ++seed) {
        thread::world ranks({2, 2}, 0);
        std::string const message = message_of(ranks, [&](rank_communicators& me) {
            for (int i = 0; i < 10 + seed; ++i) {
                if (i == 5 + seed && me.rank == 2) return;
                me.on[1].barrier();
            }
        });
        CHECK(message == "rank 3: rank 2 of the world has returned, others still wait for it in a collective");
    }
}

namespace {

void differ_between_ranks(thread::patience limits) {
    std::vector<std::vector<float>> a(2, std::vector<float>(20000)), b(2, std::vector<float>(20000));
    std::vector<double> wide(20000);
    int const n = 2;
    thread::world ranks(&n, 1, 4, limits);
    auto const both = [&](auto zero, auto one) {
        std::string const message = message_of(ranks, [&](rank_communicators& me) {
            float* const s = a[at(me.rank)].data();
            float* const t = b[at(me.rank)].data();
            if (me.rank == 0)
                zero(me.all, s, t);
            else
                one(me.all, s, t);
        });
        return message.substr(message.find(": ") + 2);
    };
    using handle = thread::communicator const&;
    for (long const count : {10L, 1025L, 9000L}) {  // staged or not, as `limits` say
        auto const said = both([&](handle c, float* s, float* t) { c.all_reduce(s, t, count); },
                               [&](handle c, float* s, float* t) { c.all_reduce(s, t, count - 1); });
        CHECK(said == "mismatched collectives: rank 0 of the group is in all_reduce(slot 4, f32, count " +
                          std::to_string(count) + ", sum), rank 1 in all_reduce(slot 4, f32, count " +
                          std::to_string(count - 1) + ", sum)");
        CHECK(contains(both([&](handle c, float* s, float* t) { c.all_reduce(s, t, count); },
                            [&](handle c, float*, float*) { c.barrier(); }),
                       "rank 1 in barrier"));
        CHECK(contains(both([&](handle c, float* s, float* t) { c.all_reduce(s, t, count); },
                            [&](handle c, float* s, float* t) { c.all_reduce(s, t, count, reduction::max); }),
                       "max)"));
        CHECK(contains(both([&](handle c, float* s, float* t) { c.all_gather(s, t, 1, count); },
                            [&](handle c, float* s, float* t) { c.reduce_scatter(s, t, 1, count); }),
                       "mismatched"));
        CHECK(contains(both([&](handle c, float*, float* t) { c.broadcast(t, count, 0); },
                            [&](handle c, float*, float* t) { c.broadcast(t, count, 1); }),
                       "root 1"));
        CHECK(contains(both([&](handle c, float*, float* t) { c.broadcast(t, count, 0); },
                            [&](handle c, float*, float*) { c.broadcast(wide.data(), count, 0); }),
                       "f64"));
        CHECK(contains(both(
                           [&](handle c, float* s, float* t) {
                               c.all_to_all(s, t, {1, 2, 1, count / 2, false});
                           },
                           [&](handle c, float* s, float* t) {
                               c.all_to_all(s, t, {1, 2, 1, count / 2, true});
                           }),
                       "trailing to leading"));
        // The same two collectives, started in another order.
        auto const two = [&](int first) {
            return [&, first](handle c, float* s, float* t) {
                for (int k = 0; k < 2; ++k) {
                    long const slot = first ^ k;
                    c.all_reduce_start(static_cast<int>(slot), s + 10000 * slot, t + 10000 * slot, count);
                }
                c.all_reduce_wait(0, s, t, count);
            };
        };
        CHECK(contains(both(two(0), two(1)), "slot 1"));
    }
}

}  // namespace

TEST_CASE("collectives that differ between ranks are an error with both sides in it") {
    differ_between_ranks({400, 16, 0});
    differ_between_ranks({0, 1, thread::staging::operand_bytes});  // all staged, one rank's staged, none
}

TEST_CASE("a rank's own mistakes are found without the others") {
    float x = 1, y = 0;
    thread::world ranks({1}, 2);
    auto const said = [&](auto f) { return message_of(ranks, [&](rank_communicators& me) { f(me.all); }); };
    using handle = thread::communicator const&;
    CHECK(said([&](handle c) { c.all_reduce_wait(0, &x, &y, 1); }) ==
          "rank 0: wait for all_reduce(slot 0, f32, count 1, sum), but what was started there is nothing");
    CHECK(said([&](handle c) {
              c.all_reduce_start(0, &x, &y, 1);
              c.all_reduce_start(0, &x, &y, 1);
          }) ==
          "rank 0: all_reduce(slot 0, f32, count 1, sum) starts in a slot where all_reduce(slot 0, f32, count 1, sum) "
          "has not been waited for");
    CHECK(contains(said([&](handle c) {
                       c.all_reduce_start(1, &x, &y, 1);
                       c.all_reduce_wait(1, &x, &x, 1);
                   }),
                   "on other operands"));
    CHECK(said([&](handle c) {
              c.all_reduce_start(1, &x, &y, 1);
              c.all_reduce_finish(1, &x, &y, 1);
          }) ==
          "rank 0: finish of all_reduce(slot 1, f32, count 1, sum), but all_reduce(slot 1, f32, count 1, sum) has not "
          "been waited for");
    CHECK(contains(said([&](handle c) {
                       c.all_reduce_start(1, &x, &y, 1);
                       c.all_reduce_wait(1, &x, &y, 1);
                       c.all_reduce_wait(1, &x, &y, 1);
                   }),
                   "has been waited for"));
    CHECK(contains(said([&](handle c) {
                       c.all_reduce_start(1, &x, &y, 1);
                       c.all_reduce_wait(1, &x, &y, 1);
                       c.all_reduce_start(1, &x, &y, 1);
                   }),
                   "has not been finished"));
    CHECK(said([&](handle c) {
              c.all_reduce_start(1, &x, &y, 1);
              c.all_reduce_wait(1, &x, &y, 1);
          }) == "rank 0: ended with a collective under way");
    CHECK(contains(said([&](handle c) {
                       c.all_reduce_start(1, &x, &y, 1);
                       for (;;) c.barrier();
                   }),
                   "is start number 64 since all_reduce(slot 1"));
    CHECK(contains(said([&](handle c) { c.all_reduce_start(3, &x, &y, 1); }), "slot 3 of a team of 2 slots"));
    CHECK(contains(said([&](handle c) { c.all_reduce_start(-1, &x, &y, 1); }), "slot -1 of"));
    CHECK(contains(said([&](handle c) { c.all_gather(&x, &y, 1, -4); }), "out of range"));
    CHECK(contains(said([&](handle c) { c.broadcast(&x, 1, 1); }), "out of range"));
}

TEST_CASE("cgroup quotas of both versions, of a process or of a parent") {
    namespace fs = std::filesystem;
    namespace d = thread::detail;
    fs::path const root = fs::temp_directory_path() / ("shardtype_cgroup_" + std::to_string(std::random_device{}()));
    auto const write = [&](fs::path const& file, char const* text) {
        fs::create_directories((root / file).parent_path());
        std::ofstream(root / file) << text;
    };
    auto const quota = [&](char const* table) {
        std::istringstream lines(table);
        return d::cgroup_quota(lines, root.string());
    };
    CHECK(quota("0::/\n") == 0);
    write("a/cpu.max", "150000 100000\n");
    write("a/b/cpu.max", "max 100000\n");
    write("c/cpu.max", "max 100000\n");
    write("cpu/x/cpu.cfs_quota_us", "400000\n");
    write("cpu/x/cpu.cfs_period_us", "100000\n");
    write("cpu/y/cpu.cfs_quota_us", "-1\n");
    write("cpu/y/cpu.cfs_period_us", "100000\n");
    CHECK(quota("0::/a/b\n") == 1.5);  // a parent's quota binds
    CHECK(quota("0::/c\n") == 0);
    CHECK(quota("9:cpuset:/a\n8:cpu,cpuacct:/x\n") == 4);
    CHECK(quota("9:memory:/x\n8:cpu:/y\n") == 0);
    CHECK(quota("8:cpu:/x\n0::/a\n") == 1.5);  // the smaller of the two
    write("cpu.max", "100000 100000");         // a container sees its own limit at the root
    CHECK(quota("0::/host/path/unseen\n") == 1);
    fs::remove_all(root);
}
