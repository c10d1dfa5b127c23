#pragma once

#include <shardtype/base/initial.hpp>
#include <shardtype/model/graph.hpp>
#include <shardtype/schedule/step.hpp>

namespace shardtype {

/// local: lives between its first and last use. parameter, gradient: parts of the state regions. region: a whole state
/// region (weights, gradients, moments). constant: made once at set-up. input: filled by the caller. report: read by
/// the caller after the step.
enum class buffer_class : unsigned char { local, parameter, gradient, region, constant, input, report };

/// A stretch of one rank's arena: `period` slots of `stride` bytes. A buffer used inside one loop has one slot, one
/// that forward loops leave for backward loops has one per trip, a residual stream one more.
struct buffer {
    long bytes = 0;   ///< of one slot
    long offset = 0;  ///< from the arena's begin
    long stride = 0;  ///< from slot to slot
    int period = 1;   ///< slots
    /// Steps of the first and last use.
    /// @{
    short first = -1;
    short last = -1;
    /// @}
    short tail = -1;                        ///< step of the last use of the last slot, where that is before `last`
    buffer_class is = buffer_class::local;  ///< decides lifetime and place
    bool carried = false;                   ///< by a repeat: the ring of its values, or the one slot of its gradient
};

/// When a segment is walked. set_up: once, before the first step. begin_step: before the micro-batches of a step. forward,
/// backward: in each micro-batch. report: behind the micro-batches. update: behind that; an evaluation has neither this
/// nor backward.
enum class segment_kind : unsigned char { set_up, begin_step, forward, backward, report, update };

/// Steps [begin, end) walked `trips` times.
struct segment {
    /// The steps [begin, end).
    /// @{
    short begin = 0;
    short end = 0;
    /// @}
    int trips = 1;                              ///< how often
    int first_layer = -1;                       ///< the place of the first trip in its repeat; -1: of none
    bool reverse = false;                       ///< from the last trip to the first, for backward
    segment_kind when = segment_kind::forward;  ///< within a training step
};

/// A parameter of the model, with the buffers that hold it.
struct scheduled_parameter {
    parameter_record is{};  ///< what the model says of it
    short weight = -1;      ///< buffer of the stored values, one slot per layer
    short gradient = -1;    ///< buffer of the stored gradient
    short kept = -1;        ///< buffer of the copy that is gathered once per step, if there is one
    short summed = -1;      ///< buffer of the gradient that is reduced once per step, if there is one
    unsigned group = 0;     ///< mask of the axes that shard it: equal ones share a norm
};

/// Where the parts of a step's result and the state lie.
struct landmarks {
    /// Buffers of the inputs, of [loss, gradient norm, clipping scale], and of the loss over all ranks.
    short tokens = -1, targets = -1, report = -1, loss = -1;
    /// Buffers of the state regions; the moments are AdamW's.
    short weights = -1, gradients = -1, moment1 = -1, moment2 = -1;
    long state_bytes = 0;  ///< of one region
    long arena_bytes = 0;  ///< one allocation per rank
    long live_bytes = 0;   ///< the largest sum of live buffers: no layout can be smaller
    short slots = 0;       ///< collectives
    short staging = -1;    ///< buffer that the back end's collectives copy small operands to, if there is one
};

/// Buffers begin at multiples of 64 bytes, a cache line and the widest vector.
constexpr long align_up(long bytes) { return (bytes + 63) & ~63L; }

/// What the run time walks, without capacity.
template <int Steps, int Buffers, int Segments, int Parameters>
struct schedule {
    /// The parts, and where the state lies.
    /// @{
    step steps[Steps]{};
    buffer buffers[Buffers]{};
    segment segments[Segments]{};
    scheduled_parameter parameters[Parameters]{};
    landmarks at{};
};

/// A schedule by pointers, so that the walker is one function for all.
struct schedule_view {
    /// The arrays of the schedule, and their lengths.
    /// @{
    step const* steps = nullptr;
    buffer const* buffers = nullptr;
    segment const* segments = nullptr;
    scheduled_parameter const* parameters = nullptr;
    int step_count = 0, buffer_count = 0, segment_count = 0, parameter_count = 0;
    landmarks at{};
    /// @}
};

/// The view of a schedule, which must outlive it.
template <int S, int B, int G, int P>
constexpr schedule_view view_of(schedule<S, B, G, P> const& s) {
    return {s.steps, s.buffers, s.segments, s.parameters, S, B, G, P, s.at};
}

/// Room for the parts of a schedule.
struct schedule_room {
    /// Room; more is [ST-S604].
    /// @{
    static constexpr int max_steps = 1600, max_buffers = 1000, max_segments = 64;
    static constexpr int max_parameters = graph::max_parameters;
    /// @}
    /// The parts so far.
    /// @{
    step steps[max_steps]{};
    buffer buffers[max_buffers]{};
    segment segments[max_segments]{};
    scheduled_parameter parameters[max_parameters]{};
    /// @}
};

/// A schedule being built, with room.
struct schedule_builder : schedule_room {
    /// Nothing built.
    template <class Room = schedule_room>  // so that it is made where one is used
    constexpr schedule_builder() : schedule_room(detail::initial<Room>) {}

    /// How many the parts are, where the state lies, and the first error.
    /// @{
    short step_count = 0, buffer_count = 0, segment_count = 0, parameter_count = 0;
    landmarks at{};
    /// @}
    segment_kind phase = segment_kind::forward;  ///< of the segments that are opened
    bool micro_batches = false;                  ///< a step has several
    verdict says{};                              ///< or ok

    /// Keeps the first error.
    constexpr void fail(code c) {
        if (says.legal()) says.what = c;
    }
    /// A new buffer without a place yet; its number.
    constexpr short add_buffer(long bytes, buffer_class is = buffer_class::local, int period = 1) {
        if (buffer_count == max_buffers) {
            fail(code::capacity);
            return max_buffers - 1;
        }
        buffer& b = buffers[buffer_count];
        b.bytes = bytes;
        b.is = is;
        b.period = period;
        return buffer_count++;
    }
    /// A new step at the end of the open segment.
    constexpr step& add_step() {
        if (step_count == max_steps) {
            fail(code::capacity);
            return steps[max_steps - 1];
        }
        return steps[step_count++];
    }
    /// Begins anew in the same room. What is left in a step would be taken for the next one's.
    constexpr void forget() {
        for (short i = 0; i < step_count; ++i) steps[i] = step{};
        step_count = buffer_count = segment_count = at.slots = 0;
    }
    /// Begins a segment, and ends the one before.
    constexpr void open(int trips, bool reverse, segment_kind when) {
        phase = when;
        open(trips, reverse);
    }
    /// The same, of the kind that the one before was.
    constexpr void open(int trips, bool reverse = false, int first_layer = -1) {
        close();
        if (segment_count == max_segments) {
            fail(code::capacity);
            return;
        }
        segments[segment_count++] = {step_count, step_count, trips, first_layer, reverse, phase};
    }
    /// Ends the open segment.
    constexpr void close() {
        if (segment_count > 0) segments[segment_count - 1].end = step_count;
    }
    /// The open segment.
    constexpr segment const& current() const { return segments[segment_count - 1]; }
};

}  // namespace shardtype
