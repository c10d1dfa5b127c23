#pragma once
#include <cuda_runtime.h>
#include <cstdint>
#include <cstring>
#include <memory>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/execution.hpp>
#include <shardtype/tensor/dtype.hpp>
#include <vector>
#include "../kernels/numeric.hpp"

/// What the tests of CUDA kernels share: arrays in device memory at any alignment, and runs whose bits must be equal.
namespace device {

using shardtype::cuda::check;

/// An array in device memory, `offset` elements behind a 256-byte boundary. Around it lies a pattern that nothing may
/// touch: taking it back checks that.
template <class T>
class array {
  public:
    explicit array(std::vector<T> const& x, long offset = 0)
        : n_(x.size()), offset_(guard + static_cast<std::size_t>(offset)) {
        void* p = nullptr;
        check(cudaMalloc(&p, bytes()), "cudaMalloc");
        all_.reset(static_cast<unsigned char*>(p));
        std::vector<unsigned char> fresh(bytes(), pattern);
        if (n_ > 0) std::memcpy(static_cast<void*>(fresh.data() + offset_ * sizeof(T)), x.data(), n_ * sizeof(T));
        check(cudaMemcpy(p, fresh.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    T* data() const { return reinterpret_cast<T*>(all_.get()) + offset_; }
    operator T*() const { return data(); }

    /// What lies there now; empty where something around it was written.
    std::vector<T> host() const {
        check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
        std::vector<unsigned char> now(bytes());
        check(cudaMemcpy(now.data(), all_.get(), bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
        std::size_t const begin = offset_ * sizeof(T), end = begin + n_ * sizeof(T);
        for (std::size_t i = 0; i < now.size(); ++i)
            if ((i < begin || i >= end) && now[i] != pattern) return {};
        std::vector<T> x(n_);
        if (n_ > 0) std::memcpy(static_cast<void*>(x.data()), now.data() + begin, n_ * sizeof(T));
        return x;
    }

  private:
    static constexpr std::size_t guard = 256;  // elements, so bytes of a whole boundary too
    static constexpr unsigned char pattern = 0xa5;
    struct free_it {
        void operator()(unsigned char* p) const { (void)cudaFree(p); }
    };
    std::size_t bytes() const { return (n_ + offset_ + guard) * sizeof(T); }

    std::size_t n_, offset_;
    std::unique_ptr<unsigned char, free_it> all_;
};

/// Scratch of exactly so many bytes, filled with NaNs, and the execution that uses it.
class lent {
  public:
    explicit lent(long bytes = 0)
        : room_(std::vector<unsigned char>(static_cast<std::size_t>(bytes), 0xff)), bytes_(bytes) {}
    operator shardtype::execution() const { return {room_.data(), static_cast<std::size_t>(bytes_), 1, nullptr}; }
    bool kept_its_bounds() const { return bytes_ == 0 || !room_.host().empty(); }

  private:
    array<unsigned char> room_;
    long bytes_;
};

/// The order in which blocks and threads run, where there is a choice.
inline void shuffle([[maybe_unused]] std::uint64_t seed) {
#if __has_include("fake/scheduler.hpp")
    fake::set_seed(seed);
#endif
}

template <class T>
std::vector<unsigned char> bits(std::vector<T> const& x) {
    std::vector<unsigned char> b(x.size() * sizeof(T));
    if (!x.empty()) std::memcpy(b.data(), static_cast<void const*>(x.data()), b.size());
    return b;
}

/// Whether run() gives the same bits, and any, whatever the order of threads.
template <class Run>
bool repeats(Run const& run) {
    shuffle(1);
    auto const first = bits(run());
    for (std::uint64_t seed : {1U, 2U, 77U}) {
        shuffle(seed);
        if (first.empty() || bits(run()) != first) return false;
    }
    return true;
}

/// got against want in float64: relative to the largest in float and double, in bf16 rounded once but for `slack`.
template <class T>
bool close(std::vector<T> const& got, std::vector<double> const& want, double f32, double f64, double slack = 1e-5,
           double floor = 1e-30) {
    if constexpr (sizeof(T) == 2)
        return numeric::rounded_once(got, want, slack, floor);
    else
        return numeric::error(got, want) < (sizeof(T) == 4 ? f32 : f64);
}

}  // namespace device
