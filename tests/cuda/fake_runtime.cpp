// The fake of CUDA that the back end's tests stand on: it has to see the errors that a device would show.

#include <doctest/doctest.h>

#include <cuda_runtime.h>
#include <fake/testing.hpp>

#include <set>
#include <vector>

namespace {

using namespace fake::testing;

__global__ void add(int* x, int value) { *x += value; }
__global__ void multiply(int* x, int value) { *x *= value; }
__global__ void copy_int(int const* from, int* to) { *to = *from; }

__global__ void count_threads(int* seen) {
    auto const block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    auto const thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    seen[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;
}

template <bool Barrier>
__global__ void reverse(int const* from, int* to) {
    __shared__ int all[1024];
    all[threadIdx.x] = from[blockIdx.x * blockDim.x + threadIdx.x];
    if (Barrier) __syncthreads();
    to[blockIdx.x * blockDim.x + threadIdx.x] = all[blockDim.x - 1 - threadIdx.x];
    __syncthreads();
}

__global__ void block_sum(float const* x, float* sums, int n) {
    __shared__ float part[32];
    float sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) sum += x[i];
    for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, lanes);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x < 32) {
        sum = threadIdx.x < blockDim.x / 32 ? part[threadIdx.x] : 0;
        for (unsigned lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_down_sync(0xffffffffU, sum, lanes);
        if (threadIdx.x == 0) sums[blockIdx.x] = sum;
    }
    __syncthreads();
}

__global__ void lanes(int* from_five, double* below) {
    int const lane = static_cast<int>(threadIdx.x) % 32;
    from_five[threadIdx.x] = __shfl_sync(0xffffffffU, static_cast<int>(threadIdx.x), 5);
    __syncwarp();
    below[threadIdx.x] = __shfl_up_sync(0xffffffffU, lane + 0.5, 1);
}

__global__ void barrier_of_half() {
    if (threadIdx.x < blockDim.x / 2) __syncthreads();
}
__global__ void two_barriers() {
    if (threadIdx.x % 2 == 0) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}
__global__ void shuffle_of_some(int* x) {
    if (threadIdx.x != 7) *x = __shfl_sync(0xffffffffU, 1, 0);
}
__global__ void shuffle(int* x) { *x = __shfl_sync(0xffffffffU, 1, 0); }

}  // namespace

TEST_CASE("every thread of a grid runs once") {
    buffer<int> seen(2 * 3 * 2 * 4 * 5 * 6);
    REQUIRE(cudaMemset(seen.at, 0, seen.n * sizeof(int)) == cudaSuccess);
    stream s;
    REQUIRE(launch(count_threads, dim3(2, 3, 2), dim3(4, 5, 6), s, seen.at) == cudaSuccess);
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    CHECK(seen.read() == std::vector<int>(seen.n, 1));
}

TEST_CASE("block reductions with barriers and shuffles") {
    for (int threads : {32, 96, 1024}) {
        buffer<float> x(5000), sums(40);
        std::vector<float> values(x.n);
        float expected = 0;
        for (std::size_t i = 0; i < x.n; ++i) expected += values[i] = static_cast<float>(i % 17);
        REQUIRE(cudaMemcpy(x.at, values.data(), x.n * 4, cudaMemcpyHostToDevice) == cudaSuccess);
        REQUIRE(launch(block_sum, 40, static_cast<unsigned>(threads), nullptr, x.at, sums.at, 5000) == cudaSuccess);
        CHECK(sums.read() == std::vector<float>(40, expected));
    }
}

TEST_CASE("shuffles: from one lane, from the lane below") {
    buffer<int> five(64);
    buffer<double> below(64);
    REQUIRE(launch(lanes, 1, 64, nullptr, five.at, below.at) == cudaSuccess);
    auto const got = five.read();
    auto const got_below = below.read();
    for (std::size_t t = 0; t < 64; ++t) {
        CHECK(got[t] == (t < 32 ? 5 : 37));
        CHECK(got_below[t] == (t % 32 == 0 ? 0.5 : static_cast<double>(t % 32) - 0.5));
    }
}

TEST_CASE("a missing barrier gives wrong numbers") {
    buffer<int> from(4 * 256), to(4 * 256);
    std::vector<int> values(from.n), expected(from.n);
    for (std::size_t i = 0; i < from.n; ++i) {
        values[i] = static_cast<int>(i);
        expected[i] = static_cast<int>(i / 256 * 256 + 255 - i % 256);
    }
    REQUIRE(cudaMemcpy(from.at, values.data(), from.n * 4, cudaMemcpyHostToDevice) == cudaSuccess);
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        fake::set_seed(seed);
        REQUIRE(launch(reverse<true>, 4, 256, nullptr, from.at, to.at) == cudaSuccess);
        CHECK(to.read() == expected);
        REQUIRE(launch(reverse<false>, 4, 256, nullptr, from.at, to.at) == cudaSuccess);
        wrong += to.read() != expected;
    }
    CHECK(wrong == 20);
}

TEST_CASE("barriers and shuffles that some threads miss are reported") {
    buffer<int> x(1);
    SUBCASE("half of a block ends") {
        REQUIRE(launch(barrier_of_half, 1, 64, nullptr) == cudaSuccess);
        CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
        CHECK(cudaMemset(x.at, 0, 4) == cudaErrorLaunchFailure);  // sticky
        CHECK(reported("32 of 64 threads of a block have ended, 32 wait at __syncthreads fake_runtime.cpp:"));
    }
    SUBCASE("two barriers") {
        REQUIRE(launch(two_barriers, 1, 64, nullptr) == cudaSuccess);
        CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
        CHECK(reported("different __syncthreads"));
    }
    SUBCASE("a lane is missing") {
        REQUIRE(launch(shuffle_of_some, 1, 64, nullptr, x.at) == cudaSuccess);
        CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
        CHECK(reported("31 lanes of a warp wait"));
    }
    SUBCASE("half a warp") {
        REQUIRE(launch(shuffle, 1, 48, nullptr, x.at) == cudaSuccess);
        CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
        CHECK(reported("without all 32 lanes"));
    }
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("launches that a device refuses") {
    buffer<int> x(1);
    int host = 0;
    CHECK(launch(add, 1, 1025, nullptr, x.at, 1) == cudaErrorInvalidConfiguration);
    CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(reported("1025 threads"));
    CHECK(launch(add, 0, 32, nullptr, x.at, 1) == cudaErrorInvalidConfiguration);
    CHECK(reported("0 x 1 x 1 blocks"));
    CHECK(launch(add, 1, 1, nullptr, &host, 1) == cudaSuccess);
    CHECK(reported("parameter 0 of a kernel is a pointer, but not to device memory"));
}

TEST_CASE("streams run late, in their own order, and in any order among one another") {
    buffer<int> x(1);
    std::set<int> results;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        fake::set_seed(seed);
        set(x, 1);
        stream a, b;
        REQUIRE(launch(add, 1, 1, a, x.at, 10) == cudaSuccess);
        REQUIRE(launch(multiply, 1, 1, a, x.at, 2) == cudaSuccess);
        REQUIRE(launch(multiply, 1, 1, b, x.at, 3) == cudaSuccess);
        REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
        results.insert(value_of(x));
    }
    CHECK(results == std::set<int>{(1 * 3 + 10) * 2, (1 + 10) * 3 * 2});  // never (1 * 2 + 10), and both orders of b
}

TEST_CASE("a missing event gives wrong numbers for some seeds, an event for none") {
    for (bool const joined : {false, true}) {
        int wrong = 0;
        buffer<int> x(1), y(1);
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            fake::set_seed(seed);
            set(x, 0);
            stream a, b;
            event done;
            for (int i = 0; i < 5; ++i) REQUIRE(launch(add, 1, 1, a, x.at, 1) == cudaSuccess);
            REQUIRE(cudaEventRecord(done, a) == cudaSuccess);
            if (joined) REQUIRE(cudaStreamWaitEvent(b, done, 0) == cudaSuccess);
            REQUIRE(cudaEventRecord(done, b) == cudaSuccess);  // the wait is for the record before it
            REQUIRE(launch(copy_int, 1, 1, b, x.at, y.at) == cudaSuccess);
            REQUIRE(cudaStreamSynchronize(b) == cudaSuccess);
            wrong += value_of(y) != 5;
            REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
        }
        INFO("wrong in " << wrong);
        CHECK((joined ? wrong == 0 : wrong > 30));
    }
}

TEST_CASE("nothing runs before somebody waits; queries say so") {
    fake::set_seed(1);
    buffer<int> x(1);
    set(x, 0);
    stream s;
    event e;
    for (int i = 0; i < 8; ++i) REQUIRE(launch(add, 1, 1, s, x.at, 1) == cudaSuccess);
    REQUIRE(cudaEventRecord(e, s) == cudaSuccess);
    int not_ready = 0;
    while (cudaStreamQuery(s) == cudaErrorNotReady) ++not_ready;
    CHECK(not_ready > 0);
    CHECK(cudaEventQuery(e) == cudaSuccess);
    CHECK(value_of(x) == 8);
    CHECK(cudaGetLastError() == cudaErrorNotReady);
}

TEST_CASE("devices are apart; events keep times") {
    int count = 0;
    REQUIRE(cudaGetDeviceCount(&count) == cudaSuccess);
    CHECK(count == 8);
    CHECK(cudaSetDevice(8) == cudaErrorInvalidDevice);
    stream s;
    buffer<int> x(1);
    set(x, 0);
    REQUIRE(cudaSetDevice(1) == cudaSuccess);
    CHECK(launch(add, 1, 1, s, x.at, 1) == cudaErrorInvalidResourceHandle);
    CHECK(reported("another device"));
    REQUIRE(cudaSetDevice(0) == cudaSuccess);
    event from(cudaEventDefault), to(cudaEventDefault);
    float milliseconds = -1;
    REQUIRE(cudaEventRecord(from, s) == cudaSuccess);
    REQUIRE(launch(add, 1, 1, s, x.at, 1) == cudaSuccess);
    REQUIRE(cudaEventRecord(to, s) == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, from, to) == cudaErrorNotReady);
    REQUIRE(cudaEventSynchronize(to) == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, from, to) == cudaSuccess);
    CHECK(milliseconds >= 0);
    cudaGetLastError();
}

TEST_CASE("host functions run in their stream's order") {
    struct log {
        buffer<int> x{1};
        int seen = 0;
    } l;
    stream s;
    set(l.x, 3);
    REQUIRE(launch(add, 1, 1, s, l.x.at, 4) == cudaSuccess);
    REQUIRE(cudaMemcpyAsync(&l.seen, l.x.at, 4, cudaMemcpyDeviceToHost, s) == cudaSuccess);
    REQUIRE(cudaLaunchHostFunc(
                s, [](void* data) { static_cast<log*>(data)->seen *= 10; }, &l) == cudaSuccess);
    CHECK(l.seen == 0);
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    CHECK(l.seen == 70);
}
