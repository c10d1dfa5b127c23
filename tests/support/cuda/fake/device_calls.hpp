#pragma once
#include "faults.hpp"
#include "memory.hpp"
#include "streams.hpp"

#include <algorithm>
#include <cstdio>

/// The CUDA runtime's functions of devices, errors and memory.

inline char const* cudaGetErrorName(cudaError_t error) {
    switch (error) {
#define SHARDTYPE_FAKE_ERROR(name) \
    case name:                     \
        return #name;
        SHARDTYPE_FAKE_ERROR(cudaSuccess)
        SHARDTYPE_FAKE_ERROR(cudaErrorInvalidValue)
        SHARDTYPE_FAKE_ERROR(cudaErrorMemoryAllocation)
        SHARDTYPE_FAKE_ERROR(cudaErrorInitializationError)
        SHARDTYPE_FAKE_ERROR(cudaErrorInvalidConfiguration)
        SHARDTYPE_FAKE_ERROR(cudaErrorNoDevice)
        SHARDTYPE_FAKE_ERROR(cudaErrorInvalidDevice)
        SHARDTYPE_FAKE_ERROR(cudaErrorInvalidResourceHandle)
        SHARDTYPE_FAKE_ERROR(cudaErrorNotReady)
        SHARDTYPE_FAKE_ERROR(cudaErrorIllegalAddress)
        SHARDTYPE_FAKE_ERROR(cudaErrorLaunchTimeout)
        SHARDTYPE_FAKE_ERROR(cudaErrorLaunchFailure)
        SHARDTYPE_FAKE_ERROR(cudaErrorNotSupported)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureUnsupported)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureInvalidated)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureMerge)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureUnmatched)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureUnjoined)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureIsolation)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureImplicit)
        SHARDTYPE_FAKE_ERROR(cudaErrorCapturedEvent)
        SHARDTYPE_FAKE_ERROR(cudaErrorStreamCaptureWrongThread)
        SHARDTYPE_FAKE_ERROR(cudaErrorUnknown)
#undef SHARDTYPE_FAKE_ERROR
    }
    return "unrecognized error code";
}
inline char const* cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorMemoryAllocation ? "out of memory" : cudaGetErrorName(error);
}

inline cudaError_t cudaPeekAtLastError() {
    cudaError_t const sticky = fake::sticky;
    return sticky != cudaSuccess ? sticky : fake::last_error;
}
inline cudaError_t cudaGetLastError() {
    auto const error = cudaPeekAtLastError();
    fake::last_error = cudaSuccess;
    return error;
}

inline cudaError_t cudaGetDeviceCount(int* count) {
    if (auto const error = fake::enter("cudaGetDeviceCount"); error != cudaSuccess) return error;
    *count = fake::devices;
    return fake::result(fake::devices == 0 ? cudaErrorNoDevice : cudaSuccess);
}
inline cudaError_t cudaSetDevice(int device) {
    if (auto const error = fake::enter("cudaSetDevice"); error != cudaSuccess) return error;
    if (device < 0 || device >= fake::devices) return fake::result(cudaErrorInvalidDevice);
    fake::current_device = device;
    return cudaSuccess;
}
inline cudaError_t cudaGetDevice(int* device) {
    if (auto const error = fake::enter("cudaGetDevice"); error != cudaSuccess) return error;
    *device = fake::current_device;
    return cudaSuccess;
}

inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    if (auto const error = fake::enter("cudaGetDeviceProperties"); error != cudaSuccess) return error;
    if (device < 0 || device >= fake::devices) return fake::result(cudaErrorInvalidDevice);
    *properties = {};
    std::snprintf(properties->name, sizeof(properties->name), "fake device");
    properties->uuid.bytes[0] = static_cast<char>(device);
    properties->totalGlobalMem = fake::memory.limit(device);
    properties->sharedMemPerBlock = 48 << 10;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = 1024;
    properties->major = 9;
    properties->multiProcessorCount = 4;
    properties->maxThreadsPerMultiProcessor = 2048;
    properties->memoryBusWidth = 5120;
    properties->l2CacheSize = 50 << 20;
    properties->pciBusID = device;
    return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    if (auto const error = fake::enter("cudaDeviceGetAttribute"); error != cudaSuccess) return error;
    if (device < 0 || device >= fake::devices) return fake::result(cudaErrorInvalidDevice);
    switch (attribute) {
        case cudaDevAttrMaxThreadsPerBlock:
            *value = 1024;
            return cudaSuccess;
        case cudaDevAttrMaxSharedMemoryPerBlock:
            *value = 48 << 10;
            return cudaSuccess;
        case cudaDevAttrWarpSize:
            *value = 32;
            return cudaSuccess;
        case cudaDevAttrClockRate:
            *value = 1980000;
            return cudaSuccess;
        case cudaDevAttrMultiProcessorCount:
            *value = 4;
            return cudaSuccess;
        case cudaDevAttrMemoryClockRate:
            *value = 2619000;
            return cudaSuccess;
        case cudaDevAttrGlobalMemoryBusWidth:
            *value = 5120;
            return cudaSuccess;
        case cudaDevAttrL2CacheSize:
            *value = 50 << 20;
            return cudaSuccess;
        case cudaDevAttrMaxThreadsPerMultiProcessor:
            *value = 2048;
            return cudaSuccess;
        case cudaDevAttrComputeCapabilityMajor:
            *value = 9;
            return cudaSuccess;
        case cudaDevAttrComputeCapabilityMinor:
            *value = 0;
            return cudaSuccess;
    }
    return fake::result(cudaErrorInvalidValue);
}
inline cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
    if (auto const error = fake::enter("cudaMemGetInfo"); error != cudaSuccess) return error;
    *total = fake::memory.limit(fake::current_device);
    *free_bytes = *total - std::min(*total, fake::memory.used(fake::current_device));
    return cudaSuccess;
}

namespace fake {
inline cudaError_t allocate(void** at, std::size_t bytes, int device) {
    {
        auto const lock = locked();
        if (auto const error = refuse_unsafe(); error != cudaSuccess) return error;
    }
    *at = nullptr;
    if (bytes == 0) return cudaSuccess;
    watch_faults();
    *at = memory.take(bytes, device);
    return *at == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
/// Freeing waits for the device first, as CUDA's does, but only for what can run: a collective whose peers never come
/// would block it for ever. What still uses the memory later crashes.
inline cudaError_t release(void* at, bool device) {
    if (at == nullptr) return cudaSuccess;
    {
        auto lock = locked();
        if (auto const error = refuse_unsafe(); error != cudaSuccess) return error;
        world.drain(lock);
    }
    if (memory.give_back(at, device)) return cudaSuccess;
    fail("memory is freed that is not allocated");
    return cudaErrorInvalidValue;
}
}  // namespace fake

inline cudaError_t cudaMalloc(void** at, std::size_t bytes) {
    if (auto const error = fake::enter("cudaMalloc"); error != cudaSuccess) return error;
    return fake::result(fake::allocate(at, bytes, fake::current_device));
}
template <class T>
cudaError_t cudaMalloc(T** at, std::size_t bytes) {
    return cudaMalloc(reinterpret_cast<void**>(at), bytes);
}
inline cudaError_t cudaFree(void* at) {
    if (auto const error = fake::enter("cudaFree"); error != cudaSuccess) return error;
    return fake::result(fake::release(at, true));
}
inline cudaError_t cudaMallocHost(void** at, std::size_t bytes) {
    if (auto const error = fake::enter("cudaMallocHost"); error != cudaSuccess) return error;
    return fake::result(fake::allocate(at, bytes, -1));
}
template <class T>
cudaError_t cudaMallocHost(T** at, std::size_t bytes) {
    return cudaMallocHost(reinterpret_cast<void**>(at), bytes);
}
inline cudaError_t cudaFreeHost(void* at) {
    if (auto const error = fake::enter("cudaFreeHost"); error != cudaSuccess) return error;
    return fake::result(fake::release(at, false));
}
