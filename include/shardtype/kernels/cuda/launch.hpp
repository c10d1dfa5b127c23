#pragma once
#include <atomic>
#include <cuda_runtime.h>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shardtype::cuda {

namespace detail {

inline std::string text(char const* x) { return x; }
inline std::string text(std::string const& x) { return x; }
inline std::string text(long long x) { return std::to_string(x); }

}  // namespace detail

/// Throws std::runtime_error, `what` and the error's own words in one line, unless the call was a success.
/// `what` is joined from texts and whole numbers: check(cudaMalloc(&p, n), "cudaMalloc of ", n, " bytes").
template <class... What>
void check(cudaError_t status, What const&... what) {
    if (status == cudaSuccess) return;
    std::string line;
    ((line += detail::text(what)), ...);
    throw std::runtime_error(line + ": " + cudaGetErrorString(status));
}

/// Streaming multiprocessors of the current device, asked once per device.
inline int multiprocessors() {
    constexpr int known = 64;
    static std::atomic<int> counts[known];
    int device = 0, count = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    bool const has_place = device >= 0 && device < known;
    if (has_place && (count = counts[device].load(std::memory_order_relaxed)) > 0) return count;
    check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "multiprocessors of device ", device);
    if (has_place) counts[device].store(count, std::memory_order_relaxed);
    return count;
}

/// kernel<<<grid, block, 0, stream>>>(args...), for compilers that do not know those brackets; throws if it cannot be
/// launched. The arguments become the kernel's parameter types.
template <class... Parameters>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, void* stream,
            std::type_identity_t<Parameters>... args) {
    void* list[] = {const_cast<void*>(static_cast<void const*>(&args))...};
    check(cudaLaunchKernel(kernel, grid, block, list, 0, static_cast<cudaStream_t>(stream)), "launch of a kernel");
}

/// Blocks of `threads` that do `work` items of one block each, but no more than fill the device `times` over: the rest
/// is done by kernels that stride.
inline unsigned blocks_for(long work, int threads, int times = 1) {
    long const room = static_cast<long>(multiprocessors()) * (2048 / threads) * times;
    return static_cast<unsigned>(work < 1 ? 1 : work < room ? work : room);
}

}  // namespace shardtype::cuda
