#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <stdexcept>
#include <string>

/// What communicators of GPU ranks need of CUDA: owners of its handles, and launches.
namespace shardtype::comm_cuda {

/// @throws std::runtime_error, one line, where CUDA reports an error
inline void check(cudaError_t result, char const* call) {
    if (result != cudaSuccess) throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(result));
}

/// A stream of its own, that does not wait for the default stream.
class stream {
  public:
    stream() { check(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags"); }
    stream(stream const&) = delete;
    stream& operator=(stream const&) = delete;
    ~stream() { (void)cudaStreamDestroy(handle_); }

    /// CUDA's handle.
    [[nodiscard]] cudaStream_t get() const noexcept { return handle_; }

  private:
    cudaStream_t handle_ = nullptr;
};

/// An event that orders streams and measures no time.
class event {
  public:
    event() { check(cudaEventCreateWithFlags(&handle_, cudaEventDisableTiming), "cudaEventCreateWithFlags"); }
    event(event const&) = delete;
    event& operator=(event const&) = delete;
    ~event() { (void)cudaEventDestroy(handle_); }

    /// What `from` has been given so far comes before what waits for this event.
    void record(cudaStream_t from) const { check(cudaEventRecord(handle_, from), "cudaEventRecord"); }
    /// What `later` is given from now on waits for the event's last record.
    void hold(cudaStream_t later) const { check(cudaStreamWaitEvent(later, handle_, 0), "cudaStreamWaitEvent"); }

  private:
    cudaEvent_t handle_ = nullptr;
};

/// Memory of the device, or of the host that the device reads and writes too; it grows only when asked, and begins as
/// zeros.
template <bool OfHost>
class memory {
  public:
    memory() = default;
    /// So many bytes.
    explicit memory(std::size_t bytes) { resize(bytes); }
    memory(memory const&) = delete;
    memory& operator=(memory const&) = delete;
    ~memory() { release(); }

    /// Loses what was there. @pre nothing that is under way uses it
    void resize(std::size_t bytes) {
        release();
        if (bytes == 0) return;
        check(OfHost ? cudaMallocHost(&at_, bytes) : cudaMalloc(&at_, bytes), OfHost ? "cudaMallocHost" : "cudaMalloc");
        if constexpr (OfHost)
            for (std::size_t i = 0; i < bytes; ++i) static_cast<std::byte*>(at_)[i] = std::byte{0};
        else  // on the default stream, which the streams that use it do not wait for
            check(cudaMemset(at_, 0, bytes), "cudaMemset"), check(cudaStreamSynchronize(nullptr), "cudaMemset");
    }
    /// Where it lies.
    template <class T = std::byte>
    [[nodiscard]] T* get() const noexcept {
        return static_cast<T*>(at_);
    }

  private:
    void release() noexcept {
        if (at_ != nullptr) (void)(OfHost ? cudaFreeHost(at_) : cudaFree(at_));
        at_ = nullptr;
    }

    void* at_ = nullptr;
};

/// Whether what `of` is given is recorded rather than done: then the host must wait for nothing.
inline bool capturing(cudaStream_t of) {
    cudaStreamCaptureStatus now = cudaStreamCaptureStatusNone;
    check(cudaStreamIsCapturing(of, &now), "cudaStreamIsCapturing");
    return now != cudaStreamCaptureStatusNone;
}

inline constexpr unsigned block_threads = 256;  ///< of every launch

/// Runs a kernel over `items`, each thread taking some, at stride.
template <class... P, class... A>
void launch(void (*kernel)(P...), long items, cudaStream_t on, A... values) {
    auto const blocks = (items + block_threads - 1) / block_threads;
    auto const go = [&](P... arguments) {
        void* at[] = {const_cast<void*>(static_cast<void const*>(&arguments))...};
        dim3 const grid(static_cast<unsigned>(blocks < 1 ? 1 : blocks < 2048 ? blocks : 2048)), block(block_threads);
        check(cudaLaunchKernel(kernel, grid, block, at, 0, on), "cudaLaunchKernel");
    };
    go(static_cast<P>(values)...);
}

/// Between device memories; nothing where they are one.
template <class T>
void copy(T const* source, T* target, long count, cudaStream_t on) {
    if (source != target && count > 0)
        check(
            cudaMemcpyAsync(target, source, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDeviceToDevice, on),
            "cudaMemcpyAsync");
}

}  // namespace shardtype::comm_cuda
