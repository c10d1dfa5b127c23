#pragma once

#include <cuda_runtime.h>

#include <cstring>
#include <thread>

#include <shardtype/kernels/cuda/launch.hpp>

namespace shardtype::cuda {

/// Copies from the host to the device in order with a rank's stream, by way of memory that is pinned: CUDA may wait for the
/// stream where it is not, and nobody would watch the other ranks meanwhile.
class sender {
  public:
    static constexpr long slot_bytes = 1L << 18;  ///< of a copy, at most

    /// Takes 1 MiB of the host's memory.
    sender() {
        void* p = nullptr;
        check(cudaMallocHost(&p, static_cast<std::size_t>(slots * slot_bytes)), "cudaMallocHost of ",
              slots * slot_bytes, " bytes");
        memory_ = static_cast<char*>(p);
        for (cudaEvent_t& e : sent_) check(cudaEventCreateWithFlags(&e, cudaEventDisableTiming), "cudaEventCreate");
    }
    sender(sender const&) = delete;
    sender& operator=(sender const&) = delete;
    ~sender() {
        for (cudaEvent_t const e : sent_)
            if (e != nullptr) (void)cudaEventDestroy(e);
        (void)cudaFreeHost(memory_);
    }

    /// `from` may change when it returns. Waits, with an eye on the other ranks, only where all slots are on their way.
    template <class Communicators>
    void send(void* to, void const* from, long bytes, Communicators const& comm) {
        int const slot = next_++ % slots;
        for (cudaError_t now = cudaErrorNotReady; used_[slot] && now != cudaSuccess;) {
            now = cudaEventQuery(sent_[slot]);
            if (now == cudaSuccess) break;
            if (now != cudaErrorNotReady) check(now, "cudaEventQuery");
            comm.poll();
            std::this_thread::yield();
        }
        char* const here = memory_ + slot * slot_bytes;
        std::memcpy(here, from, static_cast<std::size_t>(bytes));
        check(cudaMemcpyAsync(to, here, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, comm.stream()),
              "cudaMemcpyAsync of ", bytes, " bytes to the device");
        check(cudaEventRecord(sent_[slot], comm.stream()), "cudaEventRecord");
        used_[slot] = true;
    }

  private:
    static constexpr int slots = 4;
    char* memory_ = nullptr;
    cudaEvent_t sent_[slots]{};
    bool used_[slots]{};
    int next_ = 0;
};

}  // namespace shardtype::cuda
