#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/execution.hpp>
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::bench::gpu {

/// n elements of device memory, gone with it.
template <class T>
class array {
  public:
    array() = default;
    explicit array(long n) : size_(n) {
        void* memory = nullptr;
        cuda::check(cudaMalloc(&memory, static_cast<std::size_t>(std::max(n, 1L)) * sizeof(T)),
                    "cudaMalloc of a benchmark");
        memory_.reset(static_cast<T*>(memory));
    }
    T* data() const { return memory_.get(); }
    operator T*() const { return memory_.get(); }
    long size() const { return size_; }

  private:
    struct release {
        void operator()(T* p) const { cudaFree(p); }
    };
    std::unique_ptr<T, release> memory_;
    long size_ = 0;
};

/// A stream and, for what kernels ask for, scratch.
class context {
  public:
    explicit context(long scratch_bytes = 0) : scratch_(scratch_bytes) {
        cuda::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        exec_.stream = stream_;
        exec_.scratch = scratch_.data();
        exec_.scratch_bytes = static_cast<std::size_t>(scratch_bytes);
    }
    context(context const&) = delete;
    ~context() { cudaStreamDestroy(stream_); }
    execution const& exec() const { return exec_; }
    cudaStream_t stream() const { return stream_; }

  private:
    array<char> scratch_;
    cudaStream_t stream_ = nullptr;
    execution exec_;
};

namespace detail {

/// Numbers in (-1, 1) that look like noise: power, and with it speed, depends on the bits of the operands.
__device__ inline float noise(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u + i * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 30)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return static_cast<float>(static_cast<double>(x >> 11) * (2.0 / 9007199254740992.0) - 1.0);
}
__device__ inline void put(float* to, float x) { *to = x; }
__device__ inline void put(double* to, float x) { *to = x; }
__device__ inline void put(bf16* to, float x) {
    std::uint32_t const bits = __float_as_uint(x);
    *reinterpret_cast<std::uint16_t*>(to) = static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
template <class T>
__global__ void fill_with_noise(T* x, long n, float scale, float middle, std::uint64_t seed) {
    for (long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x; i < n;
         i += gridDim.x * static_cast<long>(blockDim.x))
        put(x + i, middle + scale * noise(seed, static_cast<std::uint64_t>(i)));
}
static __global__ void fill_with_ids(int* x, long n, int below, std::uint64_t seed) {
    for (long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x; i < n;
         i += gridDim.x * static_cast<long>(blockDim.x))
        x[i] =
            static_cast<int>((noise(seed, static_cast<std::uint64_t>(i)) * 0.5f + 0.5f) * static_cast<float>(below)) %
            below;
}

}  // namespace detail

/// n numbers in middle +- scale.
template <class T>
array<T> noise(long n, float scale = 1, float middle = 0) {
    static std::uint64_t seed = 0;
    array<T> x(n);
    cuda::launch(&detail::fill_with_noise<T>, 1024u, 256u, nullptr, x.data(), n, scale, middle, ++seed);
    cuda::check(cudaDeviceSynchronize(), "filling an array with noise");
    return x;
}

/// n ids in [0, below).
inline array<int> ids(long n, int below) {
    array<int> x(n);
    cuda::launch(&detail::fill_with_ids, 1024u, 256u, nullptr, x.data(), n, below, std::uint64_t{7});
    cuda::check(cudaDeviceSynchronize(), "filling an array with ids");
    return x;
}

template <class T>
array<T> copy_of(std::vector<T> const& from) {
    array<T> x(static_cast<long>(from.size()));
    cuda::check(cudaMemcpy(x.data(), from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    return x;
}

}  // namespace shardtype::bench::gpu
