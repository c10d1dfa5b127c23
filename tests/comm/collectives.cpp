#include <doctest/doctest.h>

#include <shardtype/comm/thread/world.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

using namespace shardtype;
using thread::rank_communicators;

namespace {

// Sizes on both sides of the staging limit (4096 bytes per source), odd ones, one, none.
constexpr long counts[] = {0, 1, 2, 3, 7, 63, 64, 65, 129, 1000, 1025, 4099};

template <class T>
std::vector<T> random_values(long count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& v : values) {
        if constexpr (std::is_integral_v<T>)
            v = static_cast<T>(random() % 2001) - 1000;
        else {
            double const fraction = std::uniform_real_distribution<double>(-1, 1)(random);
            v = static_cast<T>(std::ldexp(fraction, static_cast<int>(random() % 24)));
        }
    }
    return values;
}

template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <class T>
using per_rank = std::vector<std::vector<T>>;

// The inputs of n ranks; every rank's sum is in rank order, so the expectation is exact in T, bit by bit.
template <class T>
per_rank<T> inputs(int n, long count, unsigned seed) {
    per_rank<T> all;
    for (int r = 0; r < n; ++r) all.push_back(random_values<T>(count, seed * 100 + static_cast<unsigned>(r)));
    return all;
}

template <class T>
std::vector<T> sum_in_rank_order(per_rank<T> const& all) {
    std::vector<T> total = all[0];
    for (std::size_t r = 1; r < all.size(); ++r)
        for (std::size_t i = 0; i < total.size(); ++i) total[i] = static_cast<T>(total[i] + all[r][i]);
    return total;
}

std::size_t at(long i) { return static_cast<std::size_t>(i); }

// Both kinds of waiting, whatever this machine's CPUs: ranks that spin, ranks that sleep at once.
constexpr thread::patience ways_to_wait[] = {{400, 16, 0}, {0, 1, 4096}};

template <class F>
void on_worlds(int slots, F f) {
    for (int n = 1; n <= 8; ++n)
        for (auto const limits : ways_to_wait) {
            thread::world ranks(&n, 1, slots, limits);
            f(n, ranks);
        }
}

// One call: what each rank passes in, what its target holds before (later: after) it, and what it must hold after it.
// All calls of a world go into one run: a thread costs far more than a collective.
template <class T>
struct call {
    per_rank<T> in, out, expected;
    long outer = 1, block = 1;
    int root = 0;
    bool accumulate = false;
};

template <class T>
void check(std::vector<call<T>> const& calls) {
    for (auto const& c : calls)
        for (std::size_t r = 0; r < c.out.size(); ++r) REQUIRE(same_bits(c.out[r], c.expected[r]));
}

template <class T>
per_rank<T> filled(int n, long count) {
    return per_rank<T>(at(n), std::vector<T>(at(count), T(77)));
}

}  // namespace

TEST_CASE_TEMPLATE("all_reduce adds in rank order, bit by bit", T, float, double, std::int32_t) {
    on_worlds(1, [](int n, thread::world& ranks) {
        std::vector<call<T>> calls;
        for (long const count : counts) {
            auto const in = inputs<T>(n, count, 1);
            calls.push_back({in, filled<T>(n, count), per_rank<T>(at(n), sum_in_rank_order(in)), count});
        }
        auto in_place = calls;
        ranks.run([&](rank_communicators& me) {
            std::size_t const r = at(me.rank);
            for (auto& c : calls) me.all.all_reduce(c.in[r].data(), c.out[r].data(), c.outer);
            for (auto& c : in_place) {
                c.out[r] = c.in[r];
                me.on[0].all_reduce_start(0, c.out[r].data(), c.out[r].data(), c.outer);
                me.on[0].all_reduce_wait(0, c.out[r].data(), c.out[r].data(), c.outer);
                me.on[0].all_reduce_finish(0, c.out[r].data(), c.out[r].data(), c.outer);
            }
        });
        check(calls);
        check(in_place);
        for (std::size_t i = 0; i < calls.size(); ++i) REQUIRE(calls[i].in == in_place[i].in);  // sources untouched
    });
}

TEST_CASE("all_reduce is close to the sum in float64") {
    thread::world ranks({8}, 1);
    auto data = inputs<float>(8, 5000, 2);
    std::vector<double> exact(5000), scale(5000);
    for (auto const& row : data)
        for (std::size_t i = 0; i < row.size(); ++i) exact[i] += row[i], scale[i] += std::abs(row[i]);
    ranks.run(
        [&](rank_communicators& me) { me.all.all_reduce(data[at(me.rank)].data(), data[at(me.rank)].data(), 5000); });
    for (std::size_t i = 0; i < 5000; ++i) REQUIRE(std::abs(data[5][i] - exact[i]) <= 4e-7 * scale[i]);
}

TEST_CASE_TEMPLATE("all_reduce with max", T, float, double, std::int32_t) {
    on_worlds(1, [](int n, thread::world& ranks) {
        std::vector<call<T>> calls;
        for (long const count : counts) {
            auto const in = inputs<T>(n, count, 3);
            auto largest = in[0];
            for (auto const& row : in)
                for (std::size_t i = 0; i < row.size(); ++i) largest[i] = std::max(largest[i], row[i]);
            calls.push_back({in, filled<T>(n, count), per_rank<T>(at(n), largest), count});
        }
        ranks.run([&](rank_communicators& me) {
            for (auto& c : calls)
                me.all.all_reduce(c.in[at(me.rank)].data(), c.out[at(me.rank)].data(), c.outer, reduction::max);
        });
        check(calls);
    });
}

TEST_CASE_TEMPLATE("all_gather, outer and inner", T, float, double, std::int32_t) {
    on_worlds(1, [](int n, thread::world& ranks) {
        std::vector<call<T>> calls;
        for (long const outer : {1L, 3L})
            for (long const block : counts) {
                auto const in = inputs<T>(n, outer * block, 4);
                std::vector<T> all;
                for (long o = 0; o < outer; ++o)
                    for (auto const& row : in)
                        all.insert(all.end(), row.begin() + o * block, row.begin() + (o + 1) * block);
                calls.push_back({in, filled<T>(n, outer * n * block), per_rank<T>(at(n), all), outer, block});
            }
        ranks.run([&](rank_communicators& me) {
            std::size_t const r = at(me.rank);
            for (auto& c : calls) me.all.all_gather(c.in[r].data(), c.out[r].data(), c.outer, c.block);
        });
        check(calls);
    });
}

TEST_CASE("all_gather in place: a rank's own block may be its source") {
    int const n = 4;
    thread::world ranks({n}, 1);
    for (long const block : counts) {
        auto data = inputs<float>(n, n * block, 5);
        std::vector<float> expected;
        for (int r = 0; r < n; ++r)
            expected.insert(expected.end(), data[at(r)].begin() + r * block, data[at(r)].begin() + (r + 1) * block);
        ranks.run([&](rank_communicators& me) {
            float* const own = data[at(me.rank)].data();
            me.all.all_gather(own + me.rank * block, own, 1, block);
        });
        for (auto const& row : data) REQUIRE(same_bits(row, expected));
    }
}

TEST_CASE_TEMPLATE("reduce_scatter stores or accumulates", T, float, double, std::int32_t) {
    on_worlds(1, [](int n, thread::world& ranks) {
        std::vector<call<T>> calls;
        for (bool const accumulate : {false, true})
            for (long const outer : {1L, 3L})
                for (long const block : counts) {
                    call<T> c{inputs<T>(n, outer * n * block, 6),
                              inputs<T>(n, outer * block, 7),
                              {},
                              outer,
                              block,
                              0,
                              accumulate};
                    auto const total = sum_in_rank_order(c.in);
                    c.expected = c.out;
                    for (int r = 0; r < n; ++r)
                        for (long o = 0; o < outer; ++o)
                            for (long i = 0; i < block; ++i) {
                                T& x = c.expected[at(r)][at(o * block + i)];
                                T const sum = total[at((o * n + r) * block + i)];
                                x = accumulate ? static_cast<T>(x + sum) : sum;
                            }
                    calls.push_back(c);
                }
        ranks.run([&](rank_communicators& me) {
            std::size_t const r = at(me.rank);
            for (auto& c : calls)
                me.all.reduce_scatter(c.in[r].data(), c.out[r].data(), c.outer, c.block, c.accumulate);
        });
        check(calls);
    });
}

TEST_CASE_TEMPLATE("all_to_all moves a shard between dimensions, and back", T, float, double, std::int32_t) {
    on_worlds(2, [](int n, thread::world& ranks) {
        std::vector<call<T>> there;
        std::vector<exchange> shapes{{1, 1, 1, 1},  {1, 2, 1, 3},    {3, 2, 5, 7}, {2, 3, 1, 1},
                                     {2, 4, 3, 64}, {1, 1, 1, 4001}, {1, 0, 2, 2}};
        for (exchange const& e : shapes) {
            // A global tensor [outer][n*split rows][middle][n*block columns]; first, rank r holds `split` rows from
            // r*split with all columns, then all rows with `block` columns from r*block.
            long const rows = n * e.split, columns = n * e.block;
            auto const global = random_values<T>(e.outer * rows * e.middle * columns, 8);
            call<T> c;
            c.in.resize(at(n));
            c.expected.resize(at(n));
            for (long o = 0; o < e.outer; ++o)
                for (long row = 0; row < rows; ++row)
                    for (long m = 0; m < e.middle; ++m)
                        for (long column = 0; column < columns; ++column) {
                            T const x = global[at(((o * rows + row) * e.middle + m) * columns + column)];
                            c.in[at(row / e.split)].push_back(x);
                            c.expected[at(column / e.block)].push_back(x);
                        }
            c.out = filled<T>(n, static_cast<long>(c.in[0].size()));
            there.push_back(c);
        }
        auto back = there;
        ranks.run([&](rank_communicators& me) {
            std::size_t const r = at(me.rank);
            for (std::size_t i = 0; i < shapes.size(); ++i) {
                me.all.all_to_all(there[i].in[r].data(), there[i].out[r].data(), shapes[i]);
                auto inverse = shapes[i];
                inverse.trailing_to_leading = true;
                me.all.all_to_all_start(1, there[i].out[r].data(), back[i].out[r].data(), inverse);
                me.all.all_to_all_wait(1, there[i].out[r].data(), back[i].out[r].data(), inverse);
                me.all.all_to_all_finish(1, there[i].out[r].data(), back[i].out[r].data(), inverse);
            }
        });
        check(there);
        for (auto& c : back) c.expected = c.in;
        check(back);
    });
}

TEST_CASE_TEMPLATE("broadcast from every root", T, float, double, std::int32_t) {
    on_worlds(1, [](int n, thread::world& ranks) {
        std::vector<call<T>> calls;
        for (long const count : counts)
            for (int root = 0; root < n; ++root) {
                auto const in = inputs<T>(n, count, 9);
                calls.push_back({in, in, per_rank<T>(at(n), in[at(root)]), count, 1, root});
            }
        ranks.run([&](rank_communicators& me) {
            for (auto& c : calls) me.all.broadcast(c.out[at(me.rank)].data(), c.outer, c.root);
        });
        check(calls);
    });
}

TEST_CASE("a type without vector registers: two bytes, a sum of its own") {
    struct half {
        std::uint16_t bits;
        half operator+(half o) const { return {static_cast<std::uint16_t>(bits + o.bits)}; }
        bool operator<(half o) const { return bits < o.bits; }
    };
    int const n = 3;
    thread::world ranks({n}, 1);
    for (long const count : counts) {
        per_rank<half> data(n, std::vector<half>(at(count)));
        for (int r = 0; r < n; ++r)
            for (long i = 0; i < count; ++i) data[at(r)][at(i)].bits = static_cast<std::uint16_t>(i * (r + 1));
        ranks.run([&](rank_communicators& me) {
            me.all.all_reduce(data[at(me.rank)].data(), data[at(me.rank)].data(), count);
        });
        for (auto const& row : data)
            for (long i = 0; i < count; ++i) REQUIRE(row[at(i)].bits == static_cast<std::uint16_t>(6 * i));
    }
}
