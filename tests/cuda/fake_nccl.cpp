// The fake of NCCL: results against naive sums, and the ways in which NCCL hangs.

#include <doctest/doctest.h>

#include <nccl.h>
#include <fake/testing_nccl.hpp>

#include <cstdint>
#include <thread>
#include <vector>

namespace {

using namespace fake::testing;

__global__ void fill(int* x, int n, int value) {
    for (int i = 0; i < n; ++i) x[i] = value + i;
}
__global__ void sum_all(int const* x, int n, int* to) {
    int sum = 0;
    for (int i = 0; i < n; ++i) sum += x[i];
    *to = sum;
}

template <class T>
constexpr ncclDataType_t type_of = ncclInt32;
template <>
constexpr ncclDataType_t type_of<float> = ncclFloat32;
template <>
constexpr ncclDataType_t type_of<double> = ncclFloat64;
template <>
constexpr ncclDataType_t type_of<std::uint8_t> = ncclUint8;

template <class T>
std::vector<T> numbers(std::size_t n) {
    std::vector<T> made(n);
    for (std::size_t i = 0; i < n; ++i) made[i] = static_cast<T>(i * i * 7 % 23);
    return made;
}

}  // namespace

TEST_CASE_TEMPLATE("collectives of all kinds, also in place", T, float, double, int, std::uint8_t) {
    constexpr int ranks = 3;
    constexpr std::size_t n = 12, part = n / ranks;
    ranks_of_one_thread world(ranks);
    auto const values = numbers<T>(n * ranks);
    auto const sum = [&](std::size_t i) { return static_cast<T>(values[i] + values[n + i] + values[2 * n + i]); };
    enum { all_reduce, reduce_scatter, all_gather, broadcast };
    auto const check = [&](bool in_place, int kind) {
        device_arrays<T> from(ranks, n, values), separate(ranks, n);
        auto const& to = in_place ? from : separate;
        auto const at = [](int rank) { return static_cast<std::size_t>(rank) * part; };
        if (kind == all_reduce) {
            world.each([&](rank_of& r) {
                CHECK(done(ncclAllReduce(from[r.rank], to[r.rank], n, type_of<T>, ncclSum, r.comm, r.stream), r.comm));
                CHECK(done(ncclAllReduce(to[r.rank], to[r.rank], n, type_of<T>, ncclMax, r.comm, r.stream), r.comm));
            });
            REQUIRE(world.all_end());
            for (int r = 0; r < ranks; ++r) {
                auto const got = to.read(r);
                for (std::size_t i = 0; i < n; ++i) CHECK(got[i] == sum(i));
            }
        }
        if (kind == reduce_scatter) {
            world.each([&](rank_of& r) {
                auto* const target = to[r.rank] + (in_place ? at(r.rank) : 0);
                CHECK(
                    done(ncclReduceScatter(from[r.rank], target, part, type_of<T>, ncclSum, r.comm, r.stream), r.comm));
            });
            REQUIRE(world.all_end());
            for (int r = 0; r < ranks; ++r) {
                auto const got = to.read(r);
                for (std::size_t i = 0; i < part; ++i) CHECK(got[(in_place ? at(r) : 0) + i] == sum(at(r) + i));
            }
        }
        if (kind == all_gather) {
            world.each([&](rank_of& r) {
                auto const* const own = from[r.rank] + at(r.rank);
                CHECK(done(ncclAllGather(own, to[r.rank], part, type_of<T>, r.comm, r.stream), r.comm));
            });
            REQUIRE(world.all_end());
            for (int r = 0; r < ranks; ++r) {
                auto const got = to.read(r);
                for (std::size_t i = 0; i < n; ++i) CHECK(got[i] == values[i / part * n + i]);
            }
        }
        if (kind == broadcast) {
            world.each([&](rank_of& r) {
                CHECK(done(ncclBroadcast(from[r.rank], to[r.rank], n, type_of<T>, 1, r.comm, r.stream), r.comm));
            });
            REQUIRE(world.all_end());
            for (int r = 0; r < ranks; ++r) {
                CHECK(to.read(r) == std::vector<T>(values.begin() + n, values.begin() + 2 * n));
            }
        }
    };
    for (int kind : {all_reduce, reduce_scatter, all_gather, broadcast}) {
        check(false, kind);
        check(true, kind);
    }
}

TEST_CASE("bfloat16 is rounded after every addition") {
    ranks_of_one_thread world(3);
    device_arrays<std::uint16_t> x(3, 1, {fake::narrowed(256), fake::narrowed(0.75F), fake::narrowed(0.75F)});
    world.each([&](rank_of& r) {
        CHECK(done(ncclAllReduce(x[r.rank], x[r.rank], 1, ncclBfloat16, ncclSum, r.comm, r.stream), r.comm));
    });
    REQUIRE(world.all_end());
    CHECK(fake::widened(x.read(0)[0]) == 258);  // 0.75 + 0.75 first; in rank order it would be 256
}

TEST_CASE("groups: all to all by sends and receives, several collectives in one") {
    constexpr int ranks = 3;
    ranks_of_one_thread world(ranks);
    device_arrays<int> from(ranks, ranks, numbers<int>(ranks * ranks)), to(ranks, ranks),
        sums(ranks, 2, {1, 2, 3, 4, 5, 6});
    world.each([&](rank_of& r) {
        CHECK(ncclGroupStart() == ncclSuccess);
        for (int peer = 0; peer < ranks; ++peer) {
            CHECK(ncclSend(from[r.rank] + peer, 1, ncclInt32, peer, r.comm, r.stream) == ncclSuccess);
            CHECK(ncclRecv(to[r.rank] + peer, 1, ncclInt32, peer, r.comm, r.stream) == ncclSuccess);
        }
        CHECK(done(ncclGroupEnd(), r.comm));
        CHECK(ncclGroupStart() == ncclSuccess);
        for (int i = 0; i < 2; ++i) {
            auto* const at = sums[r.rank] + i;
            CHECK(ncclAllReduce(at, at, 1, ncclInt32, ncclSum, r.comm, r.stream) == ncclSuccess);
        }
        CHECK(done(ncclGroupEnd(), r.comm));
    });
    REQUIRE(world.all_end());
    auto const sent = numbers<int>(ranks * ranks);
    for (int r = 0; r < ranks; ++r) {
        auto const got = to.read(r);
        for (int peer = 0; peer < ranks; ++peer) {
            CHECK(got[static_cast<std::size_t>(peer)] == sent[static_cast<std::size_t>(peer * ranks + r)]);
        }
        CHECK(sums.read(r) == std::vector<int>{9, 12});
    }
}

TEST_CASE("a receive after its send without a group hangs where both are one rank's") {
    ranks_of_one_thread world(1);
    device_arrays<int> x(1, 2, {1, 2});
    auto& r = *world.ranks[0];
    CHECK(done(ncclSend(x[0], 1, ncclInt32, 0, r.comm, r.stream), r.comm));
    CHECK(done(ncclRecv(x[0] + 1, 1, ncclInt32, 0, r.comm, r.stream), r.comm));
    CHECK(world.hangs(r));
}

TEST_CASE("split: colors, keys, no color; the new communicator is there when the parent says so") {
    ranks_of_one_thread world(5);
    std::vector<ncclComm_t> made(5, world.ranks[0]->comm);
    world.each([&](rank_of& r) {
        auto const color = r.rank == 4 ? NCCL_SPLIT_NOCOLOR : r.rank % 2;
        auto& to = made[static_cast<std::size_t>(r.rank)];
        CHECK(ncclCommSplit(r.comm, color, -r.rank, &to, nullptr) == ncclInProgress);
        CHECK(to == nullptr);
        int count = 0;
        CHECK(ncclAllReduce(nullptr, nullptr, 1, ncclInt32, ncclSum, r.comm, r.stream) == ncclInvalidArgument);
        CHECK(ncclCommCount(r.comm, &count) == ncclInvalidArgument);
    });
    world.each([&](rank_of& r) { CHECK(settled(r.comm) == ncclSuccess); });
    CHECK(made[4] == nullptr);
    device_arrays<int> x(4, 1, {1, 2, 4, 8});
    for (int r = 0; r < 4; ++r) {
        cudaSetDevice(r);
        auto* const comm = made[static_cast<std::size_t>(r)];
        int rank = -1, count = 0;
        REQUIRE(ncclCommUserRank(comm, &rank) == ncclSuccess);
        REQUIRE(ncclCommCount(comm, &count) == ncclSuccess);
        CHECK(rank == 1 - r / 2);
        CHECK(count == 2);
        auto const result =
            ncclAllReduce(x[r], x[r], 1, ncclInt32, ncclSum, comm, world.ranks[static_cast<std::size_t>(r)]->stream);
        CHECK(done(result, comm));
    }
    REQUIRE(world.all_end());
    for (int r = 0; r < 4; ++r) CHECK(x.read(r)[0] == (r % 2 == 0 ? 5 : 10));
    for (auto* const comm : made) {
        if (comm != nullptr) CHECK(ncclCommDestroy(comm) == ncclSuccess);
    }
}

TEST_CASE("ranks as host threads that wait for one another") {
    ncclUniqueId id;
    REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
    std::vector<int> results(4, 0);
    std::vector<std::thread> threads;
    for (int r = 0; r < 4; ++r) {
        threads.emplace_back([&results, id, r] {
            cudaSetDevice(r);
            ncclComm_t comm = nullptr;
            if (ncclCommInitRankConfig(&comm, 4, id, r, nullptr) != ncclSuccess) return;
            int* x = nullptr;
            cudaStream_t s = nullptr;
            cudaMalloc(&x, 400);
            cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking);
            for (int i = 0; i < 20; ++i) {
                launch(fill, 1, 1, s, x, 100, r + i);
                ncclAllReduce(x, x, 100, ncclInt32, ncclSum, comm, s);
            }
            int* sum = nullptr;
            cudaMalloc(&sum, 4);
            launch(sum_all, 1, 1, s, x, 100, sum);
            cudaMemcpyAsync(&results[static_cast<std::size_t>(r)], sum, 4, cudaMemcpyDeviceToHost, s);
            cudaStreamSynchronize(s);
            ncclCommDestroy(comm);
            cudaFree(x);
            cudaFree(sum);
            cudaStreamDestroy(s);
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(results == std::vector<int>(4, 100 * (6 + 4 * 19) + 4 * 4950));
}

TEST_CASE("a missing event between the compute and the communication stream is seen, at either end") {
    constexpr int ranks = 2, n = 8;
    for (int const missing : {0, 1, 2}) {
        int wrong = 0;
        ranks_of_one_thread world(ranks);
        device_arrays<int> x(ranks, n, std::vector<int>(2 * n, 0)), sum(ranks, 1);
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            fake::set_seed(seed);
            world.each([&](rank_of& r) {
                stream compute;
                event ready, end;
                launch(fill, 1, 1, compute, x[r.rank], n, r.rank + static_cast<int>(seed));
                cudaEventRecord(ready, compute);
                if (missing != 1) cudaStreamWaitEvent(r.stream, ready, 0);
                CHECK(done(ncclAllReduce(x[r.rank], x[r.rank], n, ncclInt32, ncclSum, r.comm, r.stream), r.comm));
                cudaEventRecord(end, r.stream);
                if (missing != 2) cudaStreamWaitEvent(compute, end, 0);
                launch(sum_all, 1, 1, compute, x[r.rank], n, sum[r.rank]);
            });
            world.each([](rank_of&) { CHECK(cudaDeviceSynchronize() == cudaSuccess); });
            auto const expected = n * (1 + 2 * static_cast<int>(seed)) + n * (n - 1);
            for (int r = 0; r < ranks; ++r) wrong += sum.read(r)[0] != expected;
        }
        INFO("wrong in " << wrong);
        CHECK((missing == 0 ? wrong == 0 : wrong > 10));
    }
}

TEST_CASE("what is recorded before a call is done is not behind it") {
    int early = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        fake::set_seed(seed);
        ranks_of_one_thread world(1);
        device_arrays<int> x(1, 1, {1});
        auto& r = *world.ranks[0];
        event e;
        auto const result = ncclAllReduce(x[0], x[0], 1, ncclInt32, ncclSum, r.comm, r.stream);
        CHECK(cudaEventRecord(e, r.stream) == cudaSuccess);
        CHECK(cudaEventSynchronize(e) == cudaSuccess);
        early += result == ncclInProgress;
        CHECK(done(result, r.comm));
        CHECK(cudaStreamSynchronize(r.stream) == cudaSuccess);
    }
    CHECK(early > 5);
}
