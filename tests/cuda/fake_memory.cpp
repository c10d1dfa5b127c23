// The fake of CUDA: memory, copies, calls that fail because a test wants it.

#include <doctest/doctest.h>

#include <cuda_runtime.h>
#include <fake/testing.hpp>

#include <string>
#include <vector>

namespace {

using namespace fake::testing;

}  // namespace

TEST_CASE("copies: pageable memory is read at the call, pinned memory when the stream comes to it") {
    buffer<int> x(1);
    stream s;
    int pageable = 1;
    int* pinned = nullptr;
    REQUIRE(cudaMallocHost(&pinned, sizeof(int)) == cudaSuccess);
    CHECK(*pinned == -1);  // garbage until it is written
    *pinned = 1;
    REQUIRE(cudaMemcpyAsync(x.at, &pageable, 4, cudaMemcpyHostToDevice, s) == cudaSuccess);
    pageable = 2;
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    CHECK(value_of(x) == 1);
    REQUIRE(cudaMemcpyAsync(x.at, pinned, 4, cudaMemcpyHostToDevice, s) == cudaSuccess);
    *pinned = 2;
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    CHECK(value_of(x) == 2);
    REQUIRE(cudaFreeHost(pinned) == cudaSuccess);
    CHECK(cudaMemcpy(&pageable, x.at, 8, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
    CHECK(reported("a copy of 8 bytes"));
}

TEST_CASE("memory: limit, garbage, what is in use") {
    fake::set_memory_limit(0, 1000);
    std::size_t free_bytes = 0, total = 0;
    {
        buffer<unsigned char> x(600);
        CHECK(x.read() == std::vector<unsigned char>(600, 0xff));
        void* more = &total;
        CHECK(cudaMalloc(&more, 500) == cudaErrorMemoryAllocation);
        CHECK(more == nullptr);
        REQUIRE(cudaMemGetInfo(&free_bytes, &total) == cudaSuccess);
        CHECK(free_bytes == 400);
        CHECK(fake::memory_in_use(0) == 600);
        CHECK(cudaFree(x.at + 1) == cudaErrorInvalidValue);
        CHECK(reported("not allocated"));
    }
    CHECK(fake::memory_in_use(0) == 0);
    fake::set_memory_limit(0, fake::memory_pool::default_limit);
}

TEST_CASE("calls fail where a test wants it") {
    void* x = nullptr;
    auto const before = fake::call_count("cudaMalloc");
    fake::fail_call("cudaMalloc", 2, cudaErrorMemoryAllocation);
    REQUIRE(cudaMalloc(&x, 16) == cudaSuccess);
    REQUIRE(cudaFree(x) == cudaSuccess);
    CHECK(cudaMalloc(&x, 16) == cudaErrorMemoryAllocation);
    CHECK(std::string(cudaGetErrorString(cudaGetLastError())) == "out of memory");
    REQUIRE(cudaMalloc(&x, 16) == cudaSuccess);
    REQUIRE(cudaFree(x) == cudaSuccess);
    CHECK(fake::call_count("cudaMalloc") == before + 3);
    fake::set_sticky(cudaErrorIllegalAddress);
    CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
    CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
    CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
    fake::reset();
    CHECK(cudaGetLastError() == cudaSuccess);
}
