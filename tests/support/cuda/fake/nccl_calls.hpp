#pragma once
#include "nccl_comms.hpp"

#include <string>
#include <utility>
#include <vector>

/// NCCL's collectives, sends and groups.
namespace fake {

/// The calls of one communicator in a group.
struct grouped_calls {
    ncclComm_t comm;
    cudaStream_t stream;
    std::vector<nccl_call> calls;
};
inline thread_local int group_depth = 0;
inline thread_local std::vector<grouped_calls> group_calls;

/// With the lock.
inline ncclResult_t enqueue_calls(grouped_calls const& group, cudaStream_t stream) {
    auto const error = enqueue_made(stream, name(group.calls[0].kind),
                                    [comm = group.comm, calls = group.calls, lane = stream->lane,
                                     kept = stream->capture != nullptr ? group.comm->recorded : nullptr] {
                                        return make_launch(comm, calls, lane);
                                    });
    return error == cudaSuccess ? ncclSuccess : nccl_error(ncclUnhandledCudaError, "the stream's capture is invalid");
}

/// The end of a call or group. A communicator that does not block mostly says ncclInProgress and comes to the stream
/// only in a later poll: what is recorded or enqueued there before is not behind it.
inline ncclResult_t launch_group() {
    auto const groups = std::exchange(group_calls, {});
    auto result = ncclSuccess;
    auto const lock = locked();
    for (auto const& group : groups) {
        auto* const stream = stream_of(group.stream);
        if (stream == nullptr || stream->device != group.comm->device) {
            fail("a collective on a stream of another device than its communicator's");
            return nccl_error(ncclInvalidArgument, "wrong stream");
        }
        if (group.comm->broken != ncclSuccess) return group.comm->broken;
        bool const later =
            !group.comm->blocking &&
            mixed(seed + static_cast<std::uint64_t>(group.comm->collectives) + group.calls.size()) % 4 != 0;
        if (later) {
            put_off(group.comm, [group] {
                auto* const still = stream_of(group.stream);
                if (still == nullptr || enqueue_calls(group, still) != ncclSuccess) {
                    group.comm->broken = ncclUnhandledCudaError;
                }
                return true;
            });
            result = ncclInProgress;
        } else if (auto const error = enqueue_calls(group, stream); error != ncclSuccess) {
            return error;
        }
    }
    return result;
}

inline ncclResult_t check_call(ncclComm_t comm, nccl_call const& call) {
    std::string const api = name(call.kind);
    auto const lock = locked();
    if (auto const error = check_comm(comm, api.c_str()); error != ncclSuccess) return error;
    int const ranks = comm->group->ranks;
    if (bytes_of(call.type) == 0) return nccl_error(ncclInvalidArgument, api + ": a type that the fake has not");
    if (call.peer < 0 || call.peer >= ranks) return nccl_error(ncclInvalidArgument, api + ": no such peer");
    if (call.op == ncclAvg) return nccl_error(ncclInvalidArgument, api + ": ncclAvg is not in the fake");
    auto const read = call.bytes_read(comm->rank, ranks);
    auto const written = call.bytes_written(comm->rank, ranks);
    auto const outside = [&](void const* at, std::size_t bytes) {
        return bytes > 0 && memory.find(at, bytes).device != comm->device;
    };
    if (outside(call.from, read) || outside(call.to, written)) {
        fail(api + ": a buffer is not (all) in memory of the communicator's device");
        return nccl_error(ncclInvalidArgument, api + ": a buffer is not in device memory");
    }
    bool const overlap = read > 0 && written > 0 && call.from < call.to + written && call.to < call.from + read;
    if (overlap && !call.in_place(comm->rank)) {
        fail(api + ": the buffers overlap, but not as NCCL's in-place operations allow");
        return nccl_error(ncclInvalidUsage, api + ": the buffers overlap");
    }
    return ncclSuccess;
}

inline ncclResult_t call(nccl_call const& made, ncclComm_t comm, cudaStream_t stream) {
    if (auto const error = injected(name(made.kind)); error != 0) return static_cast<ncclResult_t>(error);
    if (auto const error = check_call(comm, made); error != ncclSuccess) return error;
    if (made.unit() == 0 && made.kind != nccl_kind::send && made.kind != nccl_kind::receive) return ncclSuccess;
    grouped_calls* own = nullptr;
    for (auto& each : group_calls) {
        if (each.comm == comm) own = &each;
    }
    if (own == nullptr) own = &group_calls.emplace_back(grouped_calls{comm, stream, {}});
    if (own->stream != stream) {
        fail("calls of one communicator in a group with several streams: not in the fake");
        return nccl_error(ncclInvalidUsage, "several streams in a group");
    }
    own->calls.push_back(made);
    return group_depth > 0 ? ncclSuccess : launch_group();
}

}  // namespace fake

inline ncclResult_t ncclGroupStart() {
    if (auto const error = fake::injected("ncclGroupStart"); error != 0) return static_cast<ncclResult_t>(error);
    ++fake::group_depth;
    return ncclSuccess;
}
inline ncclResult_t ncclGroupEnd() {
    if (auto const error = fake::injected("ncclGroupEnd"); error != 0) return static_cast<ncclResult_t>(error);
    if (fake::group_depth == 0) return fake::nccl_error(ncclInvalidUsage, "ncclGroupEnd without ncclGroupStart");
    return --fake::group_depth > 0 ? ncclSuccess : fake::launch_group();
}

inline ncclResult_t ncclAllReduce(void const* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t op,
                                  ncclComm_t comm, cudaStream_t stream) {
    return fake::call(
        {fake::nccl_kind::all_reduce, static_cast<char const*>(from), static_cast<char*>(to), count, type, op}, comm,
        stream);
}
inline ncclResult_t ncclReduceScatter(void const* from, void* to, std::size_t count, ncclDataType_t type,
                                      ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream) {
    return fake::call(
        {fake::nccl_kind::reduce_scatter, static_cast<char const*>(from), static_cast<char*>(to), count, type, op},
        comm, stream);
}
inline ncclResult_t ncclAllGather(void const* from, void* to, std::size_t count, ncclDataType_t type, ncclComm_t comm,
                                  cudaStream_t stream) {
    return fake::call(
        {fake::nccl_kind::all_gather, static_cast<char const*>(from), static_cast<char*>(to), count, type}, comm,
        stream);
}
inline ncclResult_t ncclBroadcast(void const* from, void* to, std::size_t count, ncclDataType_t type, int root,
                                  ncclComm_t comm, cudaStream_t stream) {
    return fake::call({fake::nccl_kind::broadcast, static_cast<char const*>(from), static_cast<char*>(to), count, type,
                       ncclSum, root},
                      comm, stream);
}
inline ncclResult_t ncclReduce(void const* from, void* to, std::size_t count, ncclDataType_t type, ncclRedOp_t op,
                               int root, ncclComm_t comm, cudaStream_t stream) {
    return fake::call(
        {fake::nccl_kind::reduce, static_cast<char const*>(from), static_cast<char*>(to), count, type, op, root}, comm,
        stream);
}
inline ncclResult_t ncclSend(void const* from, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                             cudaStream_t stream) {
    return fake::call({fake::nccl_kind::send, static_cast<char const*>(from), nullptr, count, type, ncclSum, peer},
                      comm, stream);
}
inline ncclResult_t ncclRecv(void* to, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                             cudaStream_t stream) {
    return fake::call({fake::nccl_kind::receive, nullptr, static_cast<char*>(to), count, type, ncclSum, peer}, comm,
                      stream);
}
