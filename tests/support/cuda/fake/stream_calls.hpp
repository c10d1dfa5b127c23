#pragma once
#include "device_calls.hpp"
#include "graphs.hpp"

#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

/// The CUDA runtime's functions of streams, events, copies and graphs.

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    if (auto const error = fake::enter("cudaStreamCreateWithFlags"); error != cudaSuccess) return error;
    auto const lock = fake::locked();
    *stream = new CUstream_st;
    (*stream)->device = fake::current_device;
    (*stream)->lane = fake::world.new_lane();
    fake::handles.streams.insert(*stream);
    return cudaSuccess;
}
inline cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
/// Work that is left in the stream goes on.
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    if (auto const error = fake::enter("cudaStreamDestroy"); error != cudaSuccess) return error;
    auto const lock = fake::locked();
    if (stream == nullptr || fake::stream_of(stream) == nullptr) return fake::result(cudaErrorInvalidResourceHandle);
    if (stream->capture != nullptr) {
        stream->capture->invalid = true;
        stream->capture->members.erase(stream);
        if (stream->capture->origin == stream) {
            for (auto* member : stream->capture->members) member->capture = nullptr;
            fake::handles.captures.erase(stream->capture);
        }
    }
    fake::handles.streams.erase(stream);
    delete stream;
    return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    if (auto const error = fake::enter("cudaStreamSynchronize"); error != cudaSuccess) return error;
    auto lock = fake::locked();
    auto* const stream = fake::stream_of(handle);
    if (stream == nullptr) return fake::result(cudaErrorInvalidResourceHandle);
    if (auto const error = fake::refuse_captured(stream); error != cudaSuccess) return fake::result(error);
    fake::world.wait(lock, fake::op_ptr(stream->tail));
    return fake::result(fake::sticky);
}
/// Runs a few operations of any streams, then says how it stands.
inline cudaError_t cudaStreamQuery(cudaStream_t handle) {
    if (auto const error = fake::enter("cudaStreamQuery"); error != cudaSuccess) return error;
    auto lock = fake::locked();
    auto* const stream = fake::stream_of(handle);
    if (stream == nullptr) return fake::result(cudaErrorInvalidResourceHandle);
    if (auto const error = fake::refuse_captured(stream); error != cudaSuccess) return fake::result(error);
    fake::op_ptr const awaited = stream->tail;
    fake::world.poke(lock);
    bool const done = awaited == nullptr || awaited->done;
    if (!done) fake::world.pause(lock);
    lock.unlock();
    if (fake::sticky != cudaSuccess) return fake::sticky;
    return fake::result(done ? cudaSuccess : cudaErrorNotReady);
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned = 0) {
    if (auto const error = fake::enter("cudaStreamWaitEvent"); error != cudaSuccess) return error;
    return fake::result(fake::wait_event(stream, event));
}
inline cudaError_t cudaDeviceSynchronize() {
    if (auto const error = fake::enter("cudaDeviceSynchronize"); error != cudaSuccess) return error;
    auto lock = fake::locked();
    for (auto const& capture : fake::handles.captures) {
        if (capture->graph->device != fake::current_device) continue;
        capture->invalid = true;
        return fake::result(cudaErrorStreamCaptureUnsupported);
    }
    for (auto const& left : fake::world.pending(fake::current_device)) fake::world.wait(lock, left);
    return fake::result(fake::sticky);
}

inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    if (auto const error = fake::enter("cudaEventCreateWithFlags"); error != cudaSuccess) return error;
    auto const lock = fake::locked();
    *event = new CUevent_st;
    (*event)->device = fake::current_device;
    (*event)->timed = (flags & cudaEventDisableTiming) == 0;
    fake::handles.events.insert(*event);
    return cudaSuccess;
}
inline cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
    if (auto const error = fake::enter("cudaEventDestroy"); error != cudaSuccess) return error;
    auto const lock = fake::locked();
    if (!fake::lives(event)) return fake::result(cudaErrorInvalidResourceHandle);
    fake::handles.events.erase(event);
    delete event;
    return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr) {
    if (auto const error = fake::enter("cudaEventRecord"); error != cudaSuccess) return error;
    return fake::result(fake::record(event, stream));
}
inline cudaError_t cudaEventQuery(cudaEvent_t event) {
    if (auto const error = fake::enter("cudaEventQuery"); error != cudaSuccess) return error;
    auto lock = fake::locked();
    if (!fake::lives(event)) return fake::result(cudaErrorInvalidResourceHandle);
    if (event->capture != nullptr) {
        event->capture->invalid = true;
        return fake::result(cudaErrorCapturedEvent);
    }
    fake::op_ptr const awaited = event->recorded;
    fake::world.poke(lock);
    bool const done = awaited == nullptr || awaited->done;
    if (!done) fake::world.pause(lock);
    lock.unlock();
    if (fake::sticky != cudaSuccess) return fake::sticky;
    return fake::result(done ? cudaSuccess : cudaErrorNotReady);
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    if (auto const error = fake::enter("cudaEventSynchronize"); error != cudaSuccess) return error;
    auto lock = fake::locked();
    if (!fake::lives(event)) return fake::result(cudaErrorInvalidResourceHandle);
    if (event->capture != nullptr) {
        event->capture->invalid = true;
        return fake::result(cudaErrorCapturedEvent);
    }
    fake::world.wait(lock, fake::op_ptr(event->recorded));
    return fake::result(fake::sticky);
}
inline cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
    if (auto const error = fake::enter("cudaEventElapsedTime"); error != cudaSuccess) return error;
    auto const lock = fake::locked();
    if (!fake::lives(from) || !fake::lives(to) || !from->timed || !to->timed || from->recorded == nullptr ||
        to->recorded == nullptr) {
        return fake::result(cudaErrorInvalidResourceHandle);
    }
    if (!from->recorded->done || !to->recorded->done) return fake::result(cudaErrorNotReady);
    *milliseconds = std::chrono::duration<float, std::milli>(to->recorded->finished - from->recorded->finished).count();
    return cudaSuccess;
}

namespace fake {

/// Whether a copy's end is where its kind says; device memory has to hold all its bytes.
inline bool fits(void const* at, std::size_t bytes, bool device) {
    auto const piece = memory.find(at);
    if (device) return piece.device >= 0 && static_cast<char const*>(at) + bytes <= piece.end();
    return piece.device < 0;
}

inline cudaError_t copy(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    if (bytes == 0) return cudaSuccess;
    bool const from_device = kind == cudaMemcpyDefault
                                 ? is_device_memory(from)
                                 : kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    bool const to_device = kind == cudaMemcpyDefault
                               ? is_device_memory(to)
                               : kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    if (!fits(from, bytes, from_device) || !fits(to, bytes, to_device)) {
        fail("a copy of " + std::to_string(bytes) + " bytes whose ends are not where its kind says");
        return cudaErrorInvalidValue;
    }
    bool capturing = false;
    {
        auto const lock = locked();
        auto* const known = stream_of(stream);
        capturing = known != nullptr && known->capture != nullptr;
    }
    if (from_device || is_pinned_memory(from) || capturing) {
        return enqueue(stream, "copy", [=] { std::memmove(to, from, bytes); });
    }
    // Pageable memory is read at the call.
    auto const* const first = static_cast<char const*>(from);
    auto const staged = std::make_shared<std::vector<char>>(first, first + bytes);
    return enqueue(stream, "copy", [=] { std::memcpy(to, staged->data(), bytes); });
}

inline cudaError_t set(void* at, int value, std::size_t bytes, cudaStream_t stream) {
    if (bytes == 0) return cudaSuccess;
    if (!is_device_memory(at, bytes)) {
        fail("cudaMemset of " + std::to_string(bytes) + " bytes that are not device memory");
        return cudaErrorInvalidValue;
    }
    return enqueue(stream, "memset", [=] { std::memset(at, value, bytes); });
}

/// The end of a synchronous call: waits for the null stream only.
inline cudaError_t ended(cudaError_t error) {
    if (error != cudaSuccess) return result(error);
    auto lock = locked();
    world.wait(lock, op_ptr(stream_of(nullptr)->tail));
    return result(sticky);
}
inline cudaError_t enter_synchronous(char const* api) {
    if (auto const error = enter(api); error != cudaSuccess) return error;
    auto const lock = locked();
    return result(refuse_unsafe());
}

}  // namespace fake

inline cudaError_t cudaMemcpyAsync(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t stream = nullptr) {
    if (auto const error = fake::enter("cudaMemcpyAsync"); error != cudaSuccess) return error;
    return fake::result(fake::copy(to, from, bytes, kind, stream));
}
inline cudaError_t cudaMemsetAsync(void* at, int value, std::size_t bytes, cudaStream_t stream = nullptr) {
    if (auto const error = fake::enter("cudaMemsetAsync"); error != cudaSuccess) return error;
    return fake::result(fake::set(at, value, bytes, stream));
}
inline cudaError_t cudaMemcpy(void* to, void const* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (auto const error = fake::enter_synchronous("cudaMemcpy"); error != cudaSuccess) return error;
    return fake::ended(fake::copy(to, from, bytes, kind, nullptr));
}
inline cudaError_t cudaMemset(void* at, int value, std::size_t bytes) {
    if (auto const error = fake::enter_synchronous("cudaMemset"); error != cudaSuccess) return error;
    return fake::ended(fake::set(at, value, bytes, nullptr));
}
inline cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
    if (auto const error = fake::enter("cudaLaunchHostFunc"); error != cudaSuccess) return error;
    return fake::result(fake::enqueue(stream, "host function", [=] { function(data); }));
}

inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    if (auto const error = fake::enter("cudaStreamBeginCapture"); error != cudaSuccess) return error;
    return fake::result(fake::begin_capture(stream, mode));
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    if (auto const error = fake::enter("cudaStreamEndCapture"); error != cudaSuccess) return error;
    return fake::result(fake::end_capture(stream, graph));
}
inline cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    if (auto const error = fake::enter("cudaStreamIsCapturing"); error != cudaSuccess) return error;
    return fake::result(fake::capture_status(stream, status));
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long = 0) {
    if (auto const error = fake::enter("cudaGraphInstantiate"); error != cudaSuccess) return error;
    if (graph == nullptr) return fake::result(cudaErrorInvalidValue);
    *exec = new CUgraphExec_st{*graph, nullptr};
    return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
    if (auto const error = fake::enter("cudaGraphLaunch"); error != cudaSuccess) return error;
    return fake::result(fake::launch_graph(exec, stream));
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    if (auto const error = fake::enter("cudaGraphDestroy"); error != cudaSuccess) return error;
    delete graph;
    return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    if (auto const error = fake::enter("cudaGraphExecDestroy"); error != cudaSuccess) return error;
    delete exec;
    return cudaSuccess;
}
