// The fake of CUDA: captured graphs, and accesses to memory that a device would not allow.

#include <doctest/doctest.h>

#include <cuda_runtime.h>
#include <fake/testing.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

namespace {

using namespace fake::testing;

__global__ void add(int* x, int value) { *x += value; }
__global__ void multiply(int* x, int value) { *x *= value; }
__global__ void sum_of(int const* a, int const* b, int* to) { *to = *a + *b; }
__global__ void write(int* x, int at) { x[at] = 1; }

struct graph {
    cudaGraphExec_t exec = nullptr;
    /// Of what `work` does between begin and end on `s`.
    template <class Work>
    graph(cudaStream_t s, Work work) {
        REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
        work();
        cudaGraph_t captured = nullptr;
        REQUIRE(cudaStreamEndCapture(s, &captured) == cudaSuccess);
        REQUIRE(cudaGraphInstantiate(&exec, captured, 0) == cudaSuccess);
        REQUIRE(cudaGraphDestroy(captured) == cudaSuccess);
    }
    graph(graph const&) = delete;
    graph& operator=(graph const&) = delete;
    ~graph() { cudaGraphExecDestroy(exec); }
};

/// The end of a capture that must fail.
cudaError_t failed_end(cudaStream_t s) {
    cudaGraph_t captured = nullptr;
    auto const error = cudaStreamEndCapture(s, &captured);
    CHECK(captured == nullptr);
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
    CHECK(cudaStreamIsCapturing(s, &status) == cudaSuccess);
    CHECK(status == cudaStreamCaptureStatusNone);
    cudaGetLastError();
    return error;
}

/// The signal that ends a process that does this, 0 if none.
template <class Work>
int signal_of(Work work) {
    auto const child = fork();
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL);
        fake::watch_faults();
        work();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a graph runs when it is launched, as often as it is launched, with the arguments of the capture") {
    buffer<int> x(1);
    set(x, 1);
    stream s;
    int value = 2;
    graph const g(s, [&] {
        REQUIRE(launch(add, 1, 1, s, x.at, value) == cudaSuccess);
        value = 100;
        REQUIRE(launch(multiply, 1, 1, s, x.at, 10) == cudaSuccess);
    });
    REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(value_of(x) == 1);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        fake::set_seed(seed);
        set(x, 1);
        REQUIRE(cudaGraphLaunch(g.exec, s) == cudaSuccess);
        REQUIRE(launch(add, 1, 1, s, x.at, 1) == cudaSuccess);
        REQUIRE(cudaGraphLaunch(g.exec, s) == cudaSuccess);
        REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
        CHECK(value_of(x) == ((1 + 2) * 10 + 1 + 2) * 10);
    }
}

TEST_CASE("a graph of two streams keeps their events, and only those") {
    for (bool const joined : {true, false}) {
        int wrong = 0;
        buffer<int> a(1), b(1), c(1), unused(1);
        stream s, other;
        event forked, done, end;
        graph const g(s, [&] {
            REQUIRE(launch(add, 1, 1, s, a.at, 1) == cudaSuccess);
            REQUIRE(cudaEventRecord(forked, s) == cudaSuccess);
            REQUIRE(cudaStreamWaitEvent(other, forked, 0) == cudaSuccess);
            REQUIRE(launch(sum_of, 1, 1, other, a.at, a.at, b.at) == cudaSuccess);
            REQUIRE(cudaEventRecord(done, other) == cudaSuccess);
            if (joined) REQUIRE(cudaStreamWaitEvent(s, done, 0) == cudaSuccess);
            REQUIRE(launch(sum_of, 1, 1, s, a.at, b.at, c.at) == cudaSuccess);
            REQUIRE(cudaStreamWaitEvent(s, done, 0) == cudaSuccess);
        });
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            fake::set_seed(seed);
            set(a, 4);
            set(b, 0);
            REQUIRE(cudaGraphLaunch(g.exec, s) == cudaSuccess);
            REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
            wrong += value_of(c) != 15;
        }
        INFO("wrong in " << wrong);
        CHECK((joined ? wrong == 0 : wrong > 20));
    }
}

TEST_CASE("captures that fail") {
    buffer<int> x(1);
    stream s, other;
    event e, outside;
    void* more = nullptr;
    int host = 0;
    REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    SUBCASE("a stream that was forked and not joined") {
        REQUIRE(cudaEventRecord(e, s) == cudaSuccess);
        REQUIRE(cudaStreamWaitEvent(other, e, 0) == cudaSuccess);
        REQUIRE(launch(add, 1, 1, other, x.at, 1) == cudaSuccess);
        CHECK(failed_end(s) == cudaErrorStreamCaptureUnjoined);
        CHECK(cudaStreamSynchronize(other) == cudaSuccess);  // no longer captured
        CHECK(cudaEventQuery(e) == cudaErrorCapturedEvent);
        CHECK(cudaStreamWaitEvent(other, e, 0) == cudaErrorCapturedEvent);
    }
    SUBCASE("waiting for the stream") {
        CHECK(cudaStreamSynchronize(s) == cudaErrorStreamCaptureUnsupported);
        CHECK(launch(add, 1, 1, s, x.at, 1) == cudaErrorStreamCaptureInvalidated);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("asking the stream") {
        CHECK(cudaStreamQuery(s) == cudaErrorStreamCaptureUnsupported);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("waiting for the device") {
        CHECK(cudaDeviceSynchronize() == cudaErrorStreamCaptureUnsupported);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("allocating") {
        CHECK(cudaMalloc(&more, 16) == cudaErrorStreamCaptureUnsupported);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("a copy that waits") {
        CHECK(cudaMemcpy(&host, x.at, 4, cudaMemcpyDeviceToHost) == cudaErrorStreamCaptureUnsupported);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("an event from outside") {
        REQUIRE(cudaEventRecord(outside, other) == cudaSuccess);
        CHECK(cudaStreamWaitEvent(s, outside, 0) == cudaErrorStreamCaptureIsolation);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    SUBCASE("another stream ends it") {
        REQUIRE(cudaEventRecord(e, s) == cudaSuccess);
        REQUIRE(cudaStreamWaitEvent(other, e, 0) == cudaSuccess);
        cudaGraph_t captured = nullptr;
        CHECK(cudaStreamEndCapture(other, &captured) == cudaErrorStreamCaptureUnmatched);
        CHECK(failed_end(s) == cudaErrorStreamCaptureInvalidated);
    }
    cudaGetLastError();
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    CHECK(fake::take_failures().empty());
}

TEST_CASE("a relaxed capture allows allocations") {
    stream s;
    void* more = nullptr;
    cudaGraph_t captured = nullptr;
    REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeRelaxed) == cudaSuccess);
    CHECK(cudaMalloc(&more, 16) == cudaSuccess);
    CHECK(cudaFree(more) == cudaSuccess);
    REQUIRE(cudaStreamEndCapture(s, &captured) == cudaSuccess);
    CHECK(cudaGraphDestroy(captured) == cudaSuccess);
}

TEST_CASE("memory that may not be touched") {
    buffer<int> x(100), gone(1);
    set(gone, 0);
    auto const run = [&](int* at, int index) {
        return signal_of([=] {
            launch(write, 1, 1, nullptr, at, index);
            cudaDeviceSynchronize();
        });
    };
    CHECK(run(x.at, 0) == 0);
    CHECK(run(x.at, 99) == 0);
    CHECK(run(x.at, 100) != 0);
    CHECK(run(x.at, -2000) != 0);
    auto* const freed = gone.at;
    REQUIRE(cudaFree(gone.at) == cudaSuccess);
    gone.at = nullptr;
    fake::memory.shut();
    CHECK(signal_of([&] { x.at[0] = 1; }) != 0);  // the host
    CHECK(signal_of([&] { std::memset(freed, 0, sizeof(int)); }) != 0);
    CHECK(signal_of([&] {
              fake::open_memory const open;
              x.at[0] = 1;
          }) == 0);
}

TEST_CASE("a few bytes after the end are seen when the memory is freed") {
    auto* x = static_cast<char*>(nullptr);
    REQUIRE(cudaMalloc(&x, 10) == cudaSuccess);
    {
        fake::open_memory const open;
        x[12] = 0;
    }
    REQUIRE(cudaFree(x) == cudaSuccess);
    CHECK(reported("memory after the end of 10 allocated bytes"));
}
