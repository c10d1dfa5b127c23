#pragma once

#include <cuda_runtime.h>

#include <cstring>
#include <shardtype/tensor/dtype.hpp>

/// Elements in device code, where bf16's own conversions, functions of the host, may not be called.
namespace shardtype::comm_cuda {

/// Exactly.
template <class T>
__device__ __forceinline__ T widened(T x) {
    return x;
}
/// The same, of bf16.
__device__ __forceinline__ float widened(bf16 x) {
    unsigned const all = static_cast<unsigned>(x.bits) << 16U;
    float wide = 0;
    memcpy(&wide, &all, sizeof wide);
    return wide;
}

/// To the nearest, ties to even: bit by bit as bf16's constructor.
template <class T>
__device__ __forceinline__ T narrowed(wide_t<T> x) {
    return x;
}
/// The same, to bf16.
template <>
__device__ __forceinline__ bf16 narrowed<bf16>(float x) {
    unsigned all = 0;
    memcpy(&all, &x, sizeof all);
    bf16 near;
    near.bits =
        static_cast<unsigned short>(x != x ? (all >> 16U) | 0x40U : (all + 0x7fffU + ((all >> 16U) & 1U)) >> 16U);
    return near;
}

/// A few elements that lie together, moved by one instruction of 16 bytes at most.
template <class T, int Width>
struct alignas(sizeof(T) * Width) packet {
    T of[Width];  ///< in their order
};

}  // namespace shardtype::comm_cuda
