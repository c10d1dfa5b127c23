#pragma once
#include "streams.hpp"

#include <string>

/// Capture of streams into a graph and its replay.
namespace fake {

inline cudaError_t begin_capture(cudaStream_t handle, cudaStreamCaptureMode mode) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (handle == nullptr) return cudaErrorStreamCaptureUnsupported;
    if (stream->capture != nullptr) {
        stream->capture->invalid = true;
        return cudaErrorStreamCaptureUnsupported;
    }
    auto made = std::make_shared<capture_state>();
    made->origin = stream;
    made->mode = mode;
    made->thread = std::this_thread::get_id();
    made->graph->device = stream->device;
    made->members.insert(stream);
    handles.captures.insert(made);
    stream->frontier.clear();
    stream->capture = std::move(made);
    return cudaSuccess;
}

/// Whether all nodes of the graph are at or before `ends`.
inline bool all_before(CUgraph_st const& graph, std::vector<std::size_t> const& ends) {
    std::vector<bool> reached(graph.nodes.size(), false);
    for (auto const end : ends) reached[end] = true;
    for (auto i = graph.nodes.size(); i-- > 0;) {
        if (!reached[i]) return false;
        for (auto const before : graph.nodes[i].before) reached[before] = true;
    }
    return true;
}

inline cudaError_t end_capture(cudaStream_t handle, cudaGraph_t* graph) {
    *graph = nullptr;
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture == nullptr) return cudaErrorInvalidValue;
    auto const capture = stream->capture;
    if (capture->origin != stream) {
        capture->invalid = true;
        return cudaErrorStreamCaptureUnmatched;
    }
    if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id()) {
        return cudaErrorStreamCaptureWrongThread;
    }
    bool const joined = all_before(*capture->graph, stream->frontier);
    handles.captures.erase(capture);
    for (auto* member : capture->members) {
        member->capture = nullptr;
        member->frontier.clear();
    }
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    if (!joined) return cudaErrorStreamCaptureUnjoined;
    *graph = capture->graph.release();
    return cudaSuccess;
}

inline cudaError_t capture_status(cudaStream_t handle, cudaStreamCaptureStatus* status) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    *status = stream->capture == nullptr ? cudaStreamCaptureStatusNone
              : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

/// All nodes as fresh operations between the stream's last one and its next. Only the graph's own edges order them.
inline cudaError_t launch_graph(CUgraphExec_st* exec, cudaStream_t handle) {
    auto const lock = locked();
    auto* const stream = stream_of(handle);
    if (stream == nullptr || exec == nullptr) return cudaErrorInvalidResourceHandle;
    if (auto const error = refuse_captured(stream); error != cudaSuccess) return error;
    if (stream->device != current_device) {
        fail("cudaGraphLaunch on a stream of another device than the current one");
        return cudaErrorInvalidResourceHandle;
    }
    auto const start = make_op(stream, "start of a graph", {});
    world.add(start, {stream->tail, exec->last});
    std::vector<op_ptr> made;
    for (auto const& node : exec->graph.nodes) {
        auto added = node.make();
        added->lane = world.new_lane();
        std::vector<op_ptr> before{start};
        for (auto const i : node.before) before.push_back(made[i]);
        world.add(added, before);
        made.push_back(std::move(added));
    }
    auto const end = make_op(stream, "end of a graph", {});
    made.push_back(start);
    world.add(end, made);
    stream->tail = exec->last = end;
    return cudaSuccess;
}

}  // namespace fake
