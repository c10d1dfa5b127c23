#pragma once
#include "memory.hpp"
#include "scheduler.hpp"

#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

/// Streams, events, captures and graphs as positions in the scheduler's graph of operations.
namespace fake {

struct capture_state;

/// One operation of a captured graph; `make` gives a fresh operation for each replay.
struct graph_node {
    std::function<op_ptr()> make;
    std::vector<std::size_t> before;
    char const* what = "";
};

}  // namespace fake

struct CUgraph_st {
    std::vector<fake::graph_node> nodes;
    int device = 0;
};

struct CUgraphExec_st {
    CUgraph_st graph;
    fake::op_ptr last;  ///< launches of one executable graph follow one another
};

struct CUstream_st {
    int device = 0;
    unsigned lane = 0;
    fake::op_ptr tail;
    std::shared_ptr<fake::capture_state> capture;
    std::vector<std::size_t> frontier;  ///< nodes that the next captured one follows
};

struct CUevent_st {
    int device = 0;
    bool timed = true;
    fake::op_ptr recorded;
    std::shared_ptr<fake::capture_state> capture;
    std::vector<std::size_t> frontier;
};

namespace fake {

struct capture_state {
    std::unique_ptr<CUgraph_st> graph = std::make_unique<CUgraph_st>();
    cudaStream_t origin = nullptr;
    cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
    std::thread::id thread;
    bool invalid = false;
    std::set<cudaStream_t> members;
};

/// What lives: a handle that is used after its end is a failure. With the scheduler's lock.
struct handle_table {
    std::set<cudaStream_t> streams;
    std::set<cudaEvent_t> events;
    std::set<std::shared_ptr<capture_state>> captures;
    std::map<int, std::unique_ptr<CUstream_st>> default_streams;

    handle_table() = default;
    handle_table(handle_table const&) = delete;
    handle_table& operator=(handle_table const&) = delete;
    ~handle_table() {
        for (auto* stream : streams) delete stream;
        for (auto* event : events) delete event;
    }
};
inline handle_table handles;

/// What tests want to know at their end: streams and events that nobody destroyed.
inline std::size_t live_handles() {
    std::lock_guard const lock(world.mutex);
    return handles.streams.size() + handles.events.size();
}

/// Forgets pending work, captures, sticky errors: for a test that leaves a mess on purpose. No other host thread may be
/// in a call.
inline void reset() {
    world.forget();
    std::lock_guard const lock(world.mutex);
    for (auto const& capture : handles.captures) {
        for (auto* member : capture->members) member->capture = nullptr;
    }
    handles.captures.clear();
    clear_sticky();
}

using lock_type = std::unique_lock<std::mutex>;
inline lock_type locked() { return lock_type(world.mutex); }

/// The stream of a handle; the null handle is one more stream of the current device, which waits for no other (the
/// legacy default stream's rules are not modelled). Null where the handle does not live.
inline cudaStream_t stream_of(cudaStream_t handle) {
    if (handle != nullptr) {
        if (handles.streams.count(handle) != 0) return handle;
        fail("a stream that does not exist (any more) is used");
        return nullptr;
    }
    auto& own = handles.default_streams[current_device];
    if (own == nullptr) {
        own = std::make_unique<CUstream_st>();
        own->device = current_device;
        own->lane = world.new_lane();
    }
    return own.get();
}

inline bool lives(cudaEvent_t event) {
    if (handles.events.count(event) != 0) return true;
    fail("an event that does not exist (any more) is used");
    return false;
}

inline op_ptr make_op(int device, unsigned lane, char const* what, std::function<void()> run) {
    auto made = std::make_shared<op>();
    made->what = what;
    made->device = device;
    made->lane = lane;
    made->run = std::move(run);
    return made;
}
inline op_ptr make_op(cudaStream_t stream, char const* what, std::function<void()> run) {
    return make_op(stream->device, stream->lane, what, std::move(run));
}

/// With the lock: `make()` at the end of the stream, or as a node of the graph that the stream is captured into.
/// `what` must live for ever.
inline cudaError_t enqueue_made(cudaStream_t stream, char const* what, std::function<op_ptr()> make) {
    if (stream->capture == nullptr) {
        auto const added = make();
        world.add(added, {stream->tail});
        stream->tail = added;
        return cudaSuccess;
    }
    auto& capture = *stream->capture;
    if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
    capture.graph->nodes.push_back({std::move(make), stream->frontier, what});
    stream->frontier = {capture.graph->nodes.size() - 1};
    return cudaSuccess;
}

inline cudaError_t enqueue(cudaStream_t handle, char const* what, std::function<void()> run) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->device != current_device) {
        fail(std::string(what) + " on a stream of another device than the current one");
        return cudaErrorInvalidResourceHandle;
    }
    return enqueue_made(stream, what, [device = stream->device, lane = stream->lane, what, run = std::move(run)] {
        return make_op(device, lane, what, run);
    });
}

/// Of a call that a capture does not allow on this stream.
inline cudaError_t refuse_captured(cudaStream_t stream) {
    if (stream->capture == nullptr) return cudaSuccess;
    stream->capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
}

/// Of a call (cudaMalloc and others) that captures forbid wherever it is made: unless they are relaxed, those of this
/// thread, and global ones of any thread.
inline cudaError_t refuse_unsafe() {
    for (auto const& capture : handles.captures) {
        bool const own = capture->thread == std::this_thread::get_id();
        if (capture->mode == cudaStreamCaptureModeRelaxed) continue;
        if (!own && capture->mode != cudaStreamCaptureModeGlobal) continue;
        capture->invalid = true;
        return cudaErrorStreamCaptureUnsupported;
    }
    return cudaSuccess;
}

inline cudaError_t record(cudaEvent_t event, cudaStream_t handle) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr || !lives(event)) return cudaErrorInvalidResourceHandle;
    if (stream->device != event->device) {
        fail("cudaEventRecord: the event and the stream are of different devices");
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture != nullptr) {
        if (stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
        event->capture = stream->capture;
        event->frontier = stream->frontier;
        return cudaSuccess;
    }
    event->capture = nullptr;
    event->recorded = make_op(stream, "event", {});
    world.add(event->recorded, {stream->tail});
    stream->tail = event->recorded;
    return cudaSuccess;
}

inline cudaError_t wait_event(cudaStream_t handle, cudaEvent_t event) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr || !lives(event)) return cudaErrorInvalidResourceHandle;
    if (event->capture != nullptr) {
        auto& capture = *event->capture;
        if (handles.captures.count(event->capture) == 0) return cudaErrorCapturedEvent;
        if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
        if (stream->capture == nullptr) {
            stream->capture = event->capture;
            stream->frontier.clear();
            capture.members.insert(stream);
        } else if (stream->capture != event->capture) {
            stream->capture->invalid = capture.invalid = true;
            return cudaErrorStreamCaptureMerge;
        }
        std::set<std::size_t> both(stream->frontier.begin(), stream->frontier.end());
        both.insert(event->frontier.begin(), event->frontier.end());
        stream->frontier.assign(both.begin(), both.end());
        return cudaSuccess;
    }
    if (stream->capture != nullptr) {
        if (event->recorded == nullptr) return cudaSuccess;
        stream->capture->invalid = true;
        return cudaErrorStreamCaptureIsolation;
    }
    if (event->recorded == nullptr || event->recorded->done) return cudaSuccess;
    auto const waiting = make_op(stream, "wait for an event", {});
    world.add(waiting, {stream->tail, event->recorded});
    stream->tail = waiting;
    return cudaSuccess;
}

}  // namespace fake
