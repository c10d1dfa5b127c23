#pragma once
#include <doctest/doctest.h>

#include <cuda_runtime.h>

#include <string>
#include <tuple>
#include <vector>

/// Short names for tests of the fake itself.
namespace fake::testing {

template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream, Arguments... arguments) {
    std::tuple<Parameters...> converted(static_cast<Parameters>(arguments)...);
    return std::apply(
        [&](auto&... each) {
            void* pointers[] = {&each..., nullptr};
            return cudaLaunchKernel(kernel, grid, block, pointers, 0, stream);
        },
        converted);
}

struct stream {
    cudaStream_t handle = nullptr;
    stream() { REQUIRE(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking) == cudaSuccess); }
    stream(stream const&) = delete;
    stream& operator=(stream const&) = delete;
    ~stream() { cudaStreamDestroy(handle); }
    operator cudaStream_t() const { return handle; }
};
struct event {
    cudaEvent_t handle = nullptr;
    explicit event(unsigned flags = cudaEventDisableTiming) {
        REQUIRE(cudaEventCreateWithFlags(&handle, flags) == cudaSuccess);
    }
    event(event const&) = delete;
    event& operator=(event const&) = delete;
    ~event() { cudaEventDestroy(handle); }
    operator cudaEvent_t() const { return handle; }
};
template <class T>
struct buffer {
    T* at = nullptr;
    std::size_t n;
    explicit buffer(std::size_t n_) : n(n_) { REQUIRE(cudaMalloc(&at, n * sizeof(T)) == cudaSuccess); }
    buffer(buffer const&) = delete;
    buffer& operator=(buffer const&) = delete;
    ~buffer() { cudaFree(at); }
    std::vector<T> read() const {
        std::vector<T> copy(n);
        CHECK(cudaMemcpy(copy.data(), at, n * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
        return copy;
    }
};

inline int value_of(buffer<int> const& x) { return x.read()[0]; }
inline void set(buffer<int> const& x, int value) {
    REQUIRE(cudaMemcpy(x.at, &value, sizeof(int), cudaMemcpyHostToDevice) == cudaSuccess);
}

/// Whether one failure was reported that contains the words; none is left.
inline bool reported(char const* words) {
    auto const lines = fake::take_failures();
    fake::reset();
    return lines.size() == 1 && lines[0].find(words) != std::string::npos;
}

}  // namespace fake::testing
