#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <optional>

#include <shardtype/kernels/cuda/adamw.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/ops/cuda/back_end.hpp>
#include <shardtype/runtime/cuda/recording.hpp>
#include <shardtype/runtime/cuda/sender.hpp>
#include <shardtype/runtime/device.hpp>

namespace shardtype::cuda {

/// A rank on a GPU: one cudaMalloc, the stream that its steps go to, and the recordings of the parts of a step.
/// `Communicators` is the rank's: it has the stream, and it waits with an eye on the other ranks.
template <class Communicators>
class rank_device final : public device {
  public:
    /// Allocates the arena on the current device. @throws std::runtime_error with the size if there is no room
    rank_device(long bytes, Communicators const& comm) : comm_(comm), bytes_(bytes) {
        void* p = nullptr;
        check(cudaMalloc(&p, size()), "cudaMalloc of the arena's ", bytes, " bytes");
        data_ = static_cast<char*>(p);
        try {
            check(cudaMemsetAsync(data_, 0, size(), comm_.stream()), "cudaMemsetAsync");
        } catch (...) {
            (void)cudaFree(data_);
            throw;
        }
        recordings_.emplace(comm_);
    }
    ~rank_device() override {
        recordings_.reset();  // an open capture ends, and graphs let go of the memory, before it goes
        // Behind a failure the device may never stop: then the memory is left to the process' end.
        if (cudaStreamQuery(comm_.stream()) != cudaErrorNotReady) (void)cudaFree(data_);
    }

    /// See `device`.
    /// @{
    [[nodiscard]] char* data() const noexcept override { return data_; }
    [[nodiscard]] char* host_data() const noexcept override { return nullptr; }
    void put(void* to, void const* from, long bytes) override {
        for (long done = 0; done < bytes; done += sender::slot_bytes)
            sender_.send(static_cast<char*>(to) + done, static_cast<char const*>(from) + done,
                         bytes - done < sender::slot_bytes ? bytes - done : sender::slot_bytes, comm_);
    }
    void get(void* to, void const* from, long bytes) override {
        comm_.synchronise();  // it watches the other ranks, which a copy that waits does not
        check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, comm_.stream()),
              "cudaMemcpyAsync of ", bytes, " bytes to the host");
        comm_.synchronise();
    }
    void synchronise() override { comm_.synchronise(); }
    void set_up(rank_context& c) override {
        c.exec.stream = comm_.stream();
        c.device_numbers = data_ + bytes_;
    }
    void numbers(rank_context& c) override {
        adamw_parameters const& p = c.numbers.adamw;
        auto const steps = static_cast<double>(p.step);
        step_values const now{p.lr,
                              p.beta1,
                              p.beta2,
                              p.eps,
                              p.weight_decay,
                              1 - std::pow(p.beta1, steps),
                              1 - std::pow(p.beta2, steps),
                              c.numbers.max_norm};
        put(data_ + bytes_, &now, static_cast<long>(sizeof now));
    }
    bool begin(walk_part part) override { return recordings_->begin(part); }
    void end(walk_part part) override { recordings_->end(part); }
    /// @}

  private:
    static_assert(sizeof(step_values) <= cuda_back_end::behind_bytes);
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(bytes_ + cuda_back_end::behind_bytes); }

    Communicators comm_;
    long bytes_;
    sender sender_;
    char* data_ = nullptr;
    std::optional<recordings<Communicators>> recordings_;
};

}  // namespace shardtype::cuda
