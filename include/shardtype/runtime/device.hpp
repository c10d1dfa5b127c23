#pragma once

#include <shardtype/ops/rank_context.hpp>

namespace shardtype {

/// What is walked as one, and may be recorded as one: of a training step the first micro-batch, each later one and the
/// end; of an evaluation the same.
enum class walk_part : unsigned char { first, later, end, first_evaluated, later_evaluated, end_evaluated };
/// How many there are.
inline constexpr int walk_parts = 6;

/// Where one rank's steps run: its one allocation, and how the host reaches it.
class device {
  public:
    device(device const&) = delete;
    device& operator=(device const&) = delete;
    virtual ~device() = default;

    /// The allocation's first byte, aligned to at least 64 bytes and zero at first; an address of the device.
    [[nodiscard]] virtual char* data() const noexcept = 0;
    /// The same for the host, or null where it cannot reach it.
    [[nodiscard]] virtual char* host_data() const noexcept = 0;
    /// Copies what the host has to the device, in order with the rank's steps; `from` may change at once.
    virtual void put(void* to, void const* from, long bytes) = 0;
    /// Copies to the host, when all steps so far have run.
    virtual void get(void* to, void const* from, long bytes) = 0;
    /// Waits until all steps so far have run.
    virtual void synchronise() = 0;
    /// Prepares the rank's context: its stream.
    virtual void set_up(rank_context&) = 0;
    /// Makes the numbers of the step known to the steps that follow.
    virtual void numbers(rank_context&) = 0;
    /// Begins a part of a step. @returns whether its steps are to be walked: false where a recording was replayed
    virtual bool begin(walk_part) = 0;
    /// Ends a part that was walked.
    virtual void end(walk_part) = 0;

  protected:
    device() = default;
};

}  // namespace shardtype
