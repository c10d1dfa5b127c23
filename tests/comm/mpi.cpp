// Every collective of MPI ranks against a plain computation, bit by bit. Run by mpirun, on any number of ranks.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <shardtype/comm/mpi/world.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

using namespace shardtype;

namespace {

constexpr long counts[] = {0, 1, 2, 7, 64, 129, 1025, 2049, 20001};

std::size_t at(long i) { return static_cast<std::size_t>(i); }

/// The values of rank r, which every rank can make.
template <class T>
std::vector<T> values(int r, long count, unsigned seed) {
    std::mt19937 random(seed * 1000 + static_cast<unsigned>(r));
    std::vector<T> v(at(count));
    for (T& x : v)
        x = static_cast<T>(static_cast<float>(static_cast<int>(random() % 20001) - 10000) /
                           (std::is_integral_v<T> ? 1.F : 977.F));
    return v;
}
template <class T>
using ranks_values = std::vector<std::vector<T>>;
template <class T>
ranks_values<T> all_values(int n, long count, unsigned seed) {
    ranks_values<T> all;
    for (int r = 0; r < n; ++r) all.push_back(values<T>(r, count, seed));
    return all;
}
template <class T>
bool equal(std::vector<T> const& a, std::vector<T> const& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}
/// In rank order, bf16 in float and rounded once; with an old value, that plus the sum.
template <class T>
T sum(ranks_values<T> const& in, long i) {
    wide_t<T> s = in[0][at(i)];
    for (std::size_t r = 1; r < in.size(); ++r) s = static_cast<wide_t<T>>(s + in[r][at(i)]);
    return static_cast<T>(s);
}
template <class T>
T sum(ranks_values<T> const& in, long i, T old) {
    wide_t<T> s = in[0][at(i)];
    for (std::size_t r = 1; r < in.size(); ++r) s = static_cast<wide_t<T>>(s + in[r][at(i)]);
    return static_cast<T>(old + s);
}
template <class T>
T largest(ranks_values<T> const& in, long i) {
    T m = in[0][at(i)];
    for (auto const& v : in) m = m < v[at(i)] ? v[at(i)] : m;
    return m;
}

std::vector<std::unique_ptr<mpi::world>> worlds;  // with collectives compared on all ranks, and without

/// f(communicator): of the whole world, and of both axes of a mesh.
template <class F>
void on_groups(F f) {
    for (auto const& ranks : worlds) {
        f(ranks->ranks().all);
        f(ranks->ranks().on[0]);
        f(ranks->ranks().on[1]);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("all_reduce", T, float, double, std::int32_t, bf16) {
    on_groups([](mpi::communicator const& c) {
        for (long const count : counts) {
            auto const in = all_values<T>(c.size(), count, 1);
            auto const& mine = in[at(c.rank())];
            std::vector<T> expected(at(count)), most(at(count)), out(at(count), T(7)), inside = mine;
            for (long i = 0; i < count; ++i) expected[at(i)] = sum(in, i), most[at(i)] = largest(in, i);
            c.all_reduce(mine.data(), out.data(), count);
            REQUIRE(equal(out, expected));
            c.all_reduce(inside.data(), inside.data(), count);
            REQUIRE(equal(inside, expected));
            c.all_reduce(mine.data(), out.data(), count, reduction::max);
            REQUIRE(equal(out, most));
        }
    });
}

TEST_CASE_TEMPLATE("all_gather", T, float, double, std::int32_t, bf16) {
    on_groups([](mpi::communicator const& c) {
        long const n = c.size();
        for (long const outer : {1, 3})
            for (long const block : counts) {
                auto const in = all_values<T>(c.size(), outer * block, 2);
                std::vector<T> expected(at(outer * n * block)), out(expected.size(), T(7));
                for (long o = 0; o < outer; ++o)
                    for (long r = 0; r < n; ++r)
                        for (long i = 0; i < block; ++i)
                            expected[at((o * n + r) * block + i)] = in[at(r)][at(o * block + i)];
                c.all_gather(in[at(c.rank())].data(), out.data(), outer, block);
                REQUIRE(equal(out, expected));
            }
    });
}

TEST_CASE_TEMPLATE("reduce_scatter", T, float, double, std::int32_t, bf16) {
    on_groups([](mpi::communicator const& c) {
        long const n = c.size();
        for (long const outer : {1, 3})
            for (long const block : counts)
                for (bool const add : {false, true}) {
                    auto const in = all_values<T>(c.size(), outer * n * block, 3);
                    std::vector<T> out = values<T>(100 + c.rank(), outer * block, 4), expected = out;
                    for (long o = 0; o < outer; ++o)
                        for (long i = 0; i < block; ++i) {
                            T& e = expected[at(o * block + i)];
                            long const from = (o * n + c.rank()) * block + i;
                            e = add ? sum(in, from, e) : sum(in, from);
                        }
                    c.reduce_scatter(in[at(c.rank())].data(), out.data(), outer, block, add);
                    REQUIRE(equal(out, expected));
                }
    });
}

TEST_CASE_TEMPLATE("all_to_all", T, float, bf16) {
    on_groups([](mpi::communicator const& c) {
        int const n = c.size();
        for (exchange x : {exchange{1, 1, 1, 5, false}, exchange{2, 3, 2, 1, false}, exchange{1, 4, 1, 700, false},
                           exchange{3, 0, 1, 4, false}})
            for (bool const back : {false, true}) {
                x.trailing_to_leading = back;
                long const inner = x.split * x.middle, count = x.outer * n * inner * x.block;
                auto const in = all_values<T>(n, count, 5);
                std::vector<T> expected(at(count)), out(at(count), T(7));
                for (long o = 0; o < x.outer; ++o)
                    for (long i = 0; i < inner; ++i)
                        for (long r = 0; r < n; ++r)
                            for (long b = 0; b < x.block; ++b) {
                                auto const trailing = [&](long k) { return ((o * inner + i) * n + k) * x.block + b; };
                                auto const leading = [&](long k) { return ((o * n + k) * inner + i) * x.block + b; };
                                expected[at(back ? trailing(r) : leading(r))] =
                                    in[at(r)][at(back ? leading(c.rank()) : trailing(c.rank()))];
                            }
                c.all_to_all(in[at(c.rank())].data(), out.data(), x);
                REQUIRE(equal(out, expected));
            }
    });
}

TEST_CASE_TEMPLATE("broadcast", T, float, std::int32_t, bf16) {
    on_groups([](mpi::communicator const& c) {
        for (int root = 0; root < c.size(); ++root)
            for (long const count : counts) {
                auto const expected = values<T>(root, count, 6);
                std::vector<T> buffer = values<T>(c.rank(), count, 6);
                c.broadcast(buffer.data(), count, root);
                REQUIRE(equal(buffer, expected));
            }
    });
}

TEST_CASE("every slot is in flight at once") {
    on_groups([](mpi::communicator const& c) {
        long const n = c.size(), count = 3001;
        auto const in = all_values<float>(c.size(), n * count, 7);
        auto const& mine = in[at(c.rank())];
        for (int round = 0; round < 10; ++round) {
            std::vector<float> reduced(at(n * count)), part(at(count)), whole(at(n * n * count)), turned(at(n * count));
            exchange const x{1, 1, 1, count, false};
            c.all_reduce_start(0, mine.data(), reduced.data(), n * count);
            c.reduce_scatter_start(1, mine.data(), part.data(), 1, count);
            c.all_gather_start(2, mine.data(), whole.data(), 1, n * count);
            c.all_to_all_start(3, mine.data(), turned.data(), x);
            c.all_gather_wait(2, mine.data(), whole.data(), 1, n * count);
            c.all_reduce_wait(0, mine.data(), reduced.data(), n * count);
            c.reduce_scatter_wait(1, mine.data(), part.data(), 1, count, false);
            c.all_to_all_wait(3, mine.data(), turned.data(), x);
            c.all_reduce_finish(0, mine.data(), reduced.data(), n * count);
            c.reduce_scatter_finish(1, mine.data(), part.data(), 1, count);
            c.all_gather_finish(2, mine.data(), whole.data(), 1, n * count);
            c.all_to_all_finish(3, mine.data(), turned.data(), x);
            bool right = true;
            for (long i = 0; i < n * count; ++i) {
                right = right && reduced[at(i)] == sum(in, i);
                right = right && whole[at(n * count * (i % n) + i)] == in[at(i % n)][at(i)];
                right = right && turned[at(i)] == in[at(i / count)][at(c.rank() * count + i % count)];
            }
            for (long i = 0; i < count; ++i) right = right && part[at(i)] == sum(in, c.rank() * count + i);
            REQUIRE(right);
        }
    });
}

TEST_CASE("a lent room is enough, is all that is written, and goes back at the finish") {
    using sizes = mpi::communicator;
    on_groups([](mpi::communicator const& c) {
        int const n = c.size();
        for (long const outer : {1, 3}) {
            long const block = outer == 1 ? 5000 : 700, count = outer * n * block, guard = 4096;
            exchange const x{outer, 1, 1, block, false};
            auto const in = all_values<float>(n, count, 8);
            float const* const mine = in[at(c.rank())].data();
            for (int const what : {0, 1, 2, 3}) {
                long const bytes = what == 0   ? sizes::all_reduce_room(n, count, 4)
                                   : what == 1 ? sizes::all_gather_room(n, outer, block, 4)
                                   : what == 2 ? sizes::reduce_scatter_room(n, outer, block, 4)
                                               : sizes::all_to_all_room(n, x, 4);
                std::vector<std::byte> memory(at(bytes + 2 * guard), std::byte{0x5a}), untouched = memory;
                std::vector<float> lent(at(n * count), 7), own = lent;
                auto const run = [&](std::vector<float>& out, bool lends) {
                    if (lends) c.lend(1, memory.data() + guard, bytes);
                    float* const to = out.data();
                    if (what == 0) c.all_reduce_start(1, mine, to, count), c.all_reduce_wait(1, mine, to, count);
                    if (what == 1)
                        c.all_gather_start(1, mine, to, outer, block), c.all_gather_wait(1, mine, to, outer, block);
                    if (what == 2)
                        c.reduce_scatter_start(1, mine, to, outer, block),
                            c.reduce_scatter_wait(1, mine, to, outer, block, false);
                    if (what == 3) c.all_to_all_start(1, mine, to, x), c.all_to_all_wait(1, mine, to, x);
                    if (what == 0) c.all_reduce_finish(1, mine, to, count);
                    if (what == 1) c.all_gather_finish(1, mine, to, outer, block);
                    if (what == 2) c.reduce_scatter_finish(1, mine, to, outer, block);
                    if (what == 3) c.all_to_all_finish(1, mine, to, x);
                };
                run(own, false);
                run(lent, true);
                CAPTURE(what);
                REQUIRE(equal(lent, own));
                bool const wrote = memory != untouched;
                CHECK(wrote == (bytes > 0));
                std::fill_n(memory.begin() + guard, bytes, std::byte{0x5a});
                CHECK((memory == untouched));  // nothing beside it
                run(own, false);
                CHECK((memory == untouched));  // it went back
            }
        }
    });
}

TEST_CASE("what is started is what is waited for") {
    on_groups([](mpi::communicator const& c) {
        float x[2] = {1, 2}, y[2] = {};
        c.all_reduce_start(0, x, y, 2);
        CHECK_THROWS_WITH(c.all_reduce_start(0, x, y, 2),
                          "all_reduce(slot 0, f32, count 2, sum) starts in a slot where all_reduce(slot 0, f32, count "
                          "2, sum) has not been waited for");
        CHECK_THROWS_WITH(c.all_reduce_wait(0, x, y, 1),
                          "wait for all_reduce(slot 0, f32, count 1, sum), but what was started there is "
                          "all_reduce(slot 0, f32, count 2, sum)");
        c.all_reduce_wait(0, x, y, 2);
        c.all_reduce_finish(0, x, y, 2);
        CHECK_THROWS_WITH(c.all_reduce_start(9, x, y, 2),
                          "slot 9 of a group of 4 slots, in all_reduce(slot 9, f32, count 2, sum)");
        CHECK_THROWS_WITH(c.broadcast(x, 2, c.size()), doctest::Contains("a size or root out of range"));
    });
}

TEST_CASE("ranks lie row-major in the mesh") {
    for (auto const& ranks : worlds) {
        mpi::rank_communicators const& me = ranks->ranks();
        int const n = ranks->size(), rows = n % 2 == 0 ? 2 : 1;
        CHECK(me.rank == me.coordinate[0] * (n / rows) + me.coordinate[1]);
        CHECK((me.on[0].rank() == me.coordinate[0] && me.on[1].rank() == me.coordinate[1]));
        CHECK((me.on[0].size() == rows && me.on[1].size() == n / rows && me.all.size() == n));
    }
}

int main(int argc, char** argv) {
    mpi::process const here;
    mpi::options with;
    with.deadline = 60;
    int const rows = here.size() % 2 == 0 ? 2 : 1;
    for (bool const check : {false, true}) {
        with.check = check;
        worlds.push_back(
            std::make_unique<mpi::world>(here, std::initializer_list<int>{rows, here.size() / rows}, 4, with));
    }
    std::ostream nothing(nullptr);
    doctest::Context context(argc, argv);
    context.setOption("no-colors", true);
    context.setOption("abort-after", 1);
    if (here.rank() != 0) {
        context.setCout(&nothing);
        context.setOption("no-version", true);
        context.setOption("no-intro", true);
    }
    if (context.run() != 0) mpi::detail::abort_all("rank " + std::to_string(here.rank()) + ": a check failed");
    worlds.clear();
    return 0;
}
