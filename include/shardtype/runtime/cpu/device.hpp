#pragma once

#include <cstring>

#include <shardtype/kernels/cpu/openmp_threads.hpp>
#include <shardtype/runtime/arena.hpp>
#include <shardtype/runtime/device.hpp>

namespace shardtype {

/// A rank on the CPU: the host itself, so nothing is copied that need not be, and every part is walked.
class cpu_device final : public device {
  public:
    /// Allocates the arena. @throws std::runtime_error with the size if the system has no room
    explicit cpu_device(long bytes) : arena_(bytes) {}

    /// See `device`.
    /// @{
    [[nodiscard]] char* data() const noexcept override { return arena_.data(); }
    [[nodiscard]] char* host_data() const noexcept override { return arena_.data(); }
    void put(void* to, void const* from, long bytes) override {
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
    }
    void get(void* to, void const* from, long bytes) override {
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
    }
    void synchronise() override {}
    void set_up(rank_context& c) override { cpu::use_threads(c.exec.threads); }
    void numbers(rank_context&) override {}
    bool begin(walk_part) override { return true; }
    void end(walk_part) override {}
    /// @}

  private:
    arena arena_;
};

}  // namespace shardtype
