#pragma once
#include <cuda_runtime.h>

#include "fake/nccl_calls.hpp"
#include "fake/nccl_comms.hpp"

/// NCCL's functions over communicators of ranks that are host threads of one process.

inline ncclResult_t ncclGetVersion(int* version) {
    *version = NCCL_VERSION_CODE;
    return ncclSuccess;
}
inline char const* ncclGetErrorString(ncclResult_t result) {
    switch (result) {
        case ncclSuccess:
            return "no error";
        case ncclUnhandledCudaError:
            return "unhandled cuda error";
        case ncclSystemError:
            return "unhandled system error";
        case ncclInternalError:
            return "internal error";
        case ncclInvalidArgument:
            return "invalid argument";
        case ncclInvalidUsage:
            return "invalid usage";
        case ncclRemoteError:
            return "remote process exited or there was a network error";
        case ncclInProgress:
            return "NCCL operation in progress";
        case ncclNumResults:
            break;
    }
    return "unknown result code";
}
inline char const* ncclGetLastError(ncclComm_t) { return fake::nccl_message.c_str(); }

inline ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
    if (auto const error = fake::injected("ncclGetUniqueId"); error != 0) return static_cast<ncclResult_t>(error);
    auto const lock = fake::locked();
    auto state = 0x6e63636cULL + fake::nccl_cliques.size();
    for (auto& byte : id->internal) byte = static_cast<char>(state = fake::mixed(state));
    fake::nccl_cliques[std::string(id->internal, sizeof(id->internal))] = std::make_shared<fake::clique>();
    return ncclSuccess;
}
inline ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                           ncclConfig_t* config) {
    if (auto const error = fake::injected("ncclCommInitRankConfig"); error != 0) {
        return static_cast<ncclResult_t>(error);
    }
    if (config != nullptr && (config->size != sizeof(ncclConfig_t) || config->magic != 0xcafebeefU)) {
        return fake::nccl_error(ncclInvalidArgument, "ncclConfig_t without NCCL_CONFIG_INITIALIZER");
    }
    auto lock = fake::locked();
    return fake::join(lock, comm, ranks, id, rank, config == nullptr || config->blocking != 0);
}
inline ncclResult_t ncclCommInitRank(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank) {
    return ncclCommInitRankConfig(comm, ranks, id, rank, nullptr);
}
inline ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* made, ncclConfig_t* config) {
    if (auto const error = fake::injected("ncclCommSplit"); error != 0) return static_cast<ncclResult_t>(error);
    auto lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommSplit"); error != ncclSuccess) return error;
    return fake::split(lock, comm, color, key, made, config);
}
inline ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
    if (auto const error = fake::injected("ncclCommGetAsyncError"); error != 0) {
        return static_cast<ncclResult_t>(error);
    }
    auto lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommGetAsyncError", false); error != ncclSuccess) return error;
    *state = fake::poll(lock, comm);
    return ncclSuccess;
}
inline ncclResult_t ncclCommCount(ncclComm_t comm, int* count) {
    auto const lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommCount"); error != ncclSuccess) return error;
    *count = comm->group->ranks;
    return ncclSuccess;
}
inline ncclResult_t ncclCommUserRank(ncclComm_t comm, int* rank) {
    auto const lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommUserRank"); error != ncclSuccess) return error;
    *rank = comm->rank;
    return ncclSuccess;
}
inline ncclResult_t ncclCommCuDevice(ncclComm_t comm, int* device) {
    auto const lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommCuDevice"); error != ncclSuccess) return error;
    *device = comm->device;
    return ncclSuccess;
}
inline ncclResult_t ncclCommFinalize(ncclComm_t comm) {
    if (auto const error = fake::injected("ncclCommFinalize"); error != 0) return static_cast<ncclResult_t>(error);
    auto lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommFinalize"); error != ncclSuccess) return error;
    if (comm->blocking) {
        fake::world.wait(lock, fake::op_ptr(comm->last));
        return ncclSuccess;
    }
    fake::put_off(comm, [comm] { return comm->open.empty(); });
    return ncclInProgress;
}
/// Waits for this rank's pending operations: for ever where a peer is missing.
inline ncclResult_t ncclCommDestroy(ncclComm_t comm) {
    if (auto const error = fake::injected("ncclCommDestroy"); error != 0) return static_cast<ncclResult_t>(error);
    auto lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommDestroy", false); error != ncclSuccess) return error;
    fake::world.wait(lock, fake::op_ptr(comm->last));
    comm->dead = true;
    return ncclSuccess;
}
inline ncclResult_t ncclCommAbort(ncclComm_t comm) {
    if (auto const error = fake::injected("ncclCommAbort"); error != 0) return static_cast<ncclResult_t>(error);
    auto lock = fake::locked();
    if (auto const error = fake::check_comm(comm, "ncclCommAbort", false); error != ncclSuccess) return error;
    if (comm->recorded.use_count() > 1)
        fake::fail("ncclCommAbort of a communicator with collectives in a CUDA graph that lives: NCCL never comes back");
    fake::abort(lock, comm);
    return ncclSuccess;
}
