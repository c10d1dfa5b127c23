#pragma once
#include <nccl.h>

#include "testing.hpp"

#include <memory>
#include <vector>

/// Ranks for tests of the fake of NCCL.
namespace fake::testing {

inline ncclResult_t settled(ncclComm_t comm) {
    ncclResult_t state = ncclInProgress;
    for (int polls = 0; polls < 100 && state == ncclInProgress; ++polls) {
        if (auto const error = ncclCommGetAsyncError(comm, &state); error != ncclSuccess) return error;
    }
    return state;
}
/// A call that does not block, until it is done.
inline bool done(ncclResult_t result, ncclComm_t comm) {
    return result == ncclSuccess || (result == ncclInProgress && settled(comm) == ncclSuccess);
}

/// One rank: a device, a communicator that does not block, a stream.
struct rank_of {
    int rank;
    ncclComm_t comm = nullptr;
    cudaStream_t stream = nullptr;
    rank_of(int r, int ranks, ncclUniqueId const& id) : rank(r) {
        cudaSetDevice(r);
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        CHECK(ncclCommInitRankConfig(&comm, ranks, id, r, &config) == ncclInProgress);
        CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    }
    rank_of(rank_of const&) = delete;
    rank_of& operator=(rank_of const&) = delete;
    ~rank_of() {
        cudaStreamDestroy(stream);
        if (comm != nullptr) CHECK(ncclCommAbort(comm) == ncclSuccess);
    }
};

/// All ranks from one host thread, which can go on because no call blocks.
struct ranks_of_one_thread {
    std::vector<std::unique_ptr<rank_of>> ranks;
    explicit ranks_of_one_thread(int n) {
        ncclUniqueId id;
        REQUIRE(ncclGetUniqueId(&id) == ncclSuccess);
        for (int r = 0; r < n; ++r) {
            if (r > 0) CHECK(settled(ranks[0]->comm) == ncclInProgress);
            ranks.push_back(std::make_unique<rank_of>(r, n, id));
        }
        for (auto const& one : ranks) CHECK(settled(one->comm) == ncclSuccess);
    }
    template <class Work>
    void each(Work work) {
        for (auto const& one : ranks) {
            cudaSetDevice(one->rank);
            work(*one);
        }
        cudaSetDevice(0);
    }
    bool all_end() {
        bool ended = true;
        each([&](rank_of& one) { ended = ended && cudaStreamSynchronize(one.stream) == cudaSuccess; });
        return ended;
    }
    /// After so many questions that anything that can run has run.
    bool hangs(rank_of& one) {
        cudaSetDevice(one.rank);
        for (int i = 0; i < 200; ++i) {
            if (cudaStreamQuery(one.stream) != cudaErrorNotReady) return false;
        }
        cudaGetLastError();
        cudaSetDevice(0);
        return true;
    }
};

template <class T>
struct device_arrays {
    std::vector<std::unique_ptr<buffer<T>>> of;
    device_arrays(int ranks, std::size_t n, std::vector<T> const& values = {}) {
        for (int r = 0; r < ranks; ++r) {
            cudaSetDevice(r);
            of.push_back(std::make_unique<buffer<T>>(n));
            auto const first = static_cast<std::size_t>(r) * n;
            if (!values.empty()) {
                CHECK(cudaMemcpy(of.back()->at, values.data() + first, n * sizeof(T), cudaMemcpyHostToDevice) ==
                      cudaSuccess);
            }
        }
        cudaSetDevice(0);
    }
    T* operator[](int rank) const { return of[static_cast<std::size_t>(rank)]->at; }
    std::vector<T> read(int rank) const { return of[static_cast<std::size_t>(rank)]->read(); }
};

}  // namespace fake::testing
