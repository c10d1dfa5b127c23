// The fake of NCCL: what hangs as NCCL's would, what ends it, what is refused.

#include <doctest/doctest.h>

#include <nccl.h>
#include <fake/testing_nccl.hpp>

#include <string>
#include <vector>

namespace {

using namespace fake::testing;

struct wrong_values {
    wrong_values() { fake::set_nccl_wrong_values(true); }
    ~wrong_values() { fake::set_nccl_wrong_values(false); }
};

ncclResult_t sum_in_place(rank_of& r, int* x, std::size_t n) {
    return ncclAllReduce(x, x, n, ncclInt32, ncclSum, r.comm, r.stream);
}

}  // namespace

TEST_CASE("calls that differ among the ranks never end") {
    ranks_of_one_thread world(2);
    device_arrays<int> x(2, 4, std::vector<int>(8, 1)), to(2, 4);
    auto const differ = [&](auto first, auto second) {
        world.each([&](rank_of& r) { CHECK(done(r.rank == 0 ? first(r) : second(r), r.comm)); });
        CHECK(world.hangs(*world.ranks[0]));
        CHECK(world.hangs(*world.ranks[1]));
    };
    auto const as_is = [&](rank_of& r) { return sum_in_place(r, x[r.rank], 4); };
    SUBCASE("count") {
        differ(as_is, [&](rank_of& r) { return sum_in_place(r, x[r.rank], 3); });
    }
    SUBCASE("type") {
        differ(as_is, [&](rank_of& r) { return ncclAllReduce(x[1], x[1], 4, ncclFloat32, ncclSum, r.comm, r.stream); });
    }
    SUBCASE("operator") {
        differ(as_is, [&](rank_of& r) { return ncclAllReduce(x[1], x[1], 4, ncclInt32, ncclMax, r.comm, r.stream); });
    }
    SUBCASE("kind") {
        differ(as_is, [&](rank_of& r) { return ncclAllGather(x[1], to[1], 2, ncclInt32, r.comm, r.stream); });
    }
    SUBCASE("root") {
        auto const from = [&](int root) {
            return [&x, root](rank_of& r) {
                return ncclBroadcast(x[r.rank], x[r.rank], 4, ncclInt32, root, r.comm, r.stream);
            };
        };
        differ(from(0), from(1));
    }
    SUBCASE("or end with garbage, where a test wants it") {
        wrong_values const on;
        world.each([&](rank_of& r) { CHECK(done(sum_in_place(r, x[r.rank], r.rank == 0 ? 4 : 3), r.comm)); });
        REQUIRE(world.all_end());
        CHECK(x.read(0)[0] != 2);
    }
}

TEST_CASE("a rank that never calls: the others wait until they abort") {
    ranks_of_one_thread world(2);
    device_arrays<int> x(2, 1, {1, 1});
    auto& r = *world.ranks[0];
    CHECK(done(sum_in_place(r, x[0], 1), r.comm));
    CHECK(world.hangs(r));
    CHECK(settled(r.comm) == ncclSuccess);  // NCCL does not know
    CHECK(ncclCommAbort(r.comm) == ncclSuccess);
    CHECK(cudaStreamSynchronize(r.stream) == cudaSuccess);
    ncclResult_t state = ncclSuccess;
    CHECK(ncclCommGetAsyncError(r.comm, &state) == ncclInvalidArgument);
    CHECK(reported("destroyed or aborted"));
    r.comm = nullptr;
    auto& other = *world.ranks[1];
    cudaSetDevice(1);
    CHECK(done(sum_in_place(other, x[1], 1), other.comm));
    CHECK(world.hangs(other));  // its peer is gone
    cudaSetDevice(0);
}

TEST_CASE("a rank that never joins") {
    ncclUniqueId id;
    REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
    rank_of const only(0, 2, id);
    CHECK(settled(only.comm) == ncclInProgress);
    int count = 0;
    CHECK(ncclCommCount(only.comm, &count) == ncclInvalidArgument);
}

TEST_CASE("two communicators in different orders on the ranks' single streams are a deadlock") {
    for (bool const same : {true, false}) {
        ranks_of_one_thread world(2);
        std::vector<ncclComm_t> second(2);
        world.each([&](rank_of& r) {
            CHECK(ncclCommSplit(r.comm, 0, r.rank, &second[static_cast<std::size_t>(r.rank)], nullptr) ==
                  ncclInProgress);
        });
        world.each([&](rank_of& r) { CHECK(settled(r.comm) == ncclSuccess); });
        device_arrays<int> x(2, 1, {1, 1}), y(2, 1, {1, 1});
        world.each([&](rank_of& r) {
            auto* const other = second[static_cast<std::size_t>(r.rank)];
            auto const of_first = [&] { CHECK(done(sum_in_place(r, x[r.rank], 1), r.comm)); };
            auto const of_second = [&] {
                CHECK(done(ncclAllReduce(y[r.rank], y[r.rank], 1, ncclInt32, ncclSum, other, r.stream), other));
            };
            if (same || r.rank == 0) of_first();
            of_second();
            if (!same && r.rank == 1) of_first();
        });
        if (same) {
            CHECK(world.all_end());
            CHECK(x.read(1)[0] == 2);
        } else {
            CHECK(world.hangs(*world.ranks[0]));
            CHECK(world.hangs(*world.ranks[1]));
        }
        for (auto* const comm : second) CHECK(ncclCommAbort(comm) == ncclSuccess);
    }
}

TEST_CASE("an asynchronous error of one rank") {
    ranks_of_one_thread world(3);
    device_arrays<int> x(3, 1, {1, 1, 1});
    fake::nccl_fail(world.ranks[0]->comm, 1, ncclRemoteError);
    CHECK(settled(world.ranks[0]->comm) == ncclSuccess);
    CHECK(settled(world.ranks[1]->comm) == ncclRemoteError);
    auto& r = *world.ranks[0];
    CHECK(done(sum_in_place(r, x[0], 1), r.comm));
    CHECK(world.hangs(r));
    fake::nccl_fail(r.comm, -1, ncclRemoteError);
    CHECK(settled(r.comm) == ncclRemoteError);
    CHECK(std::string(ncclGetErrorString(ncclRemoteError)).find("remote") != std::string::npos);
}

TEST_CASE("a rank fails while the others wait for one another") {
    ranks_of_one_thread world(2);
    device_arrays<int> x(2, 1, {1, 1});
    auto& first = *world.ranks[0];
    auto& second = *world.ranks[1];
    CHECK(done(sum_in_place(first, x[0], 1), first.comm));
    CHECK(world.hangs(first));
    fake::nccl_fail(first.comm, 0, ncclSystemError);
    cudaSetDevice(1);
    CHECK(done(sum_in_place(second, x[1], 1), second.comm));
    CHECK(world.hangs(second));
    CHECK(world.hangs(first));
    CHECK(settled(first.comm) == ncclSystemError);
}

TEST_CASE("an error while collectives are under way: all abort, all streams end") {
    ranks_of_one_thread world(2);
    device_arrays<int> x(2, 1, {1, 1});
    CHECK(done(sum_in_place(*world.ranks[0], x[0], 1), world.ranks[0]->comm));
    fake::nccl_fail(world.ranks[0]->comm, -1, ncclRemoteError);
    world.each([&](rank_of& r) {
        CHECK(ncclCommAbort(r.comm) == ncclSuccess);
        r.comm = nullptr;
    });
    CHECK(world.all_end());
}

TEST_CASE("what NCCL refuses") {
    ncclUniqueId id;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    ncclComm_t a = nullptr, b = nullptr;
    SUBCASE("two ranks on one device") {
        REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
        CHECK(ncclCommInitRankConfig(&a, 2, id, 0, &config) == ncclInProgress);
        CHECK(ncclCommInitRankConfig(&b, 2, id, 1, &config) == ncclInProgress);
        CHECK(settled(a) == ncclInvalidUsage);
        CHECK(std::string(ncclGetLastError(a)).find("Duplicate GPU") != std::string::npos);
    }
    SUBCASE("the same rank twice") {
        REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
        CHECK(ncclCommInitRankConfig(&a, 2, id, 0, &config) == ncclInProgress);
        CHECK(ncclCommInitRankConfig(&b, 2, id, 0, &config) == ncclInvalidUsage);
    }
    SUBCASE("an id that nobody made") {
        id = {};
        CHECK(ncclCommInitRankConfig(&a, 2, id, 0, &config) == ncclInvalidArgument);
    }
    SUBCASE("a call that fails on order") {
        fake::fail_call("ncclGetUniqueId", 1, ncclSystemError);
        CHECK(ncclGetUniqueId(&id) == ncclSystemError);
    }
}

TEST_CASE("buffers: only in-place overlaps, only memory of the device, only while it is allocated") {
    ranks_of_one_thread world(1);
    auto& r = *world.ranks[0];
    device_arrays<int> x(1, 4, {1, 2, 3, 4});
    std::vector<int> host(4);
    CHECK(ncclAllReduce(x[0], x[0] + 1, 2, ncclInt32, ncclSum, r.comm, r.stream) == ncclInvalidUsage);
    CHECK(reported("overlap"));
    CHECK(ncclAllReduce(host.data(), x[0], 4, ncclInt32, ncclSum, r.comm, r.stream) == ncclInvalidArgument);
    CHECK(reported("not (all) in memory"));
    CHECK(ncclAllReduce(x[0], x[0], 5, ncclInt32, ncclSum, r.comm, r.stream) == ncclInvalidArgument);
    CHECK(reported("not (all) in memory"));
    cudaSetDevice(1);
    stream other;
    cudaSetDevice(0);
    CHECK(ncclAllReduce(x[0], x[0], 4, ncclInt32, ncclSum, r.comm, other) == ncclInvalidArgument);
    CHECK(reported("another device"));
}

TEST_CASE("captured collectives: each replay is a call of its own") {
    ranks_of_one_thread world(2);
    device_arrays<int> x(2, 1, {1, 1});
    std::vector<cudaGraphExec_t> execs(2);
    world.each([&](rank_of& r) {
        cudaGraph_t graph = nullptr;
        CHECK(cudaStreamBeginCapture(r.stream, cudaStreamCaptureModeRelaxed) == cudaSuccess);
        CHECK(done(sum_in_place(r, x[r.rank], 1), r.comm));
        CHECK(done(sum_in_place(r, x[r.rank], 1), r.comm));
        CHECK(cudaStreamEndCapture(r.stream, &graph) == cudaSuccess);
        CHECK(cudaGraphInstantiate(&execs[static_cast<std::size_t>(r.rank)], graph, 0) == cudaSuccess);
        CHECK(cudaGraphDestroy(graph) == cudaSuccess);
    });
    for (int i = 0; i < 3; ++i) {
        world.each([&](rank_of& r) {
            CHECK(cudaGraphLaunch(execs[static_cast<std::size_t>(r.rank)], r.stream) == cudaSuccess);
        });
    }
    REQUIRE(world.all_end());
    CHECK(x.read(0)[0] == 64);
    CHECK(cudaGraphLaunch(execs[0], world.ranks[0]->stream) == cudaSuccess);
    CHECK(world.hangs(*world.ranks[0]));
    for (auto* const exec : execs) CHECK(cudaGraphExecDestroy(exec) == cudaSuccess);
}
