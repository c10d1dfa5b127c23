#pragma once
#include <cuda_runtime.h>

// Threads that work on one row: a warp, eight of which make a block, or a block.

namespace shardtype::cuda {

/// Threads of a block of teams.
template <int Threads>
inline constexpr int team_block = Threads == 32 ? 256 : Threads;

/// This thread's number in its team.
template <int Threads>
__device__ __forceinline__ int team_thread() {
    return static_cast<int>(threadIdx.x) % Threads;
}
/// This thread's team among all of the grid, and how many there are.
/// @{
template <int Threads>
__device__ __forceinline__ long team() {
    return static_cast<long>(blockIdx.x) * (team_block<Threads> / Threads) + static_cast<int>(threadIdx.x) / Threads;
}
template <int Threads>
__device__ __forceinline__ long teams() {
    return static_cast<long>(gridDim.x) * (team_block<Threads> / Threads);
}
/// @}

/// How values are combined: their sum.
struct plus {
    /// a + b
    template <class A>
    __device__ __forceinline__ A operator()(A a, A b) const {
        return a + b;
    }
};
/// How values are combined: the largest.
struct larger {
    /// b only where it is larger
    template <class A>
    __device__ __forceinline__ A operator()(A a, A b) const {
        return b > a ? b : a;
    }
};

/// x combined over the lanes of a warp, the same bits in all of them.
template <class Combine = plus, class A>
__device__ __forceinline__ A over_warp(A x, Combine combine = {}) {
    for (int offset = 16; offset > 0; offset /= 2) x = combine(x, __shfl_xor_sync(0xffffffffU, x, offset));
    return x;
}

/// Each x combined over the threads of a team, in a fixed order, the same bits in all of them. All threads of the team
/// call it; `turn` is 0 and 1 in turn from call to call, which saves a barrier.
template <int Threads, class Combine = plus, int Values, class A>
__device__ __forceinline__ void over_team(A (&x)[Values], int turn, Combine combine = {}) {
    for (int v = 0; v < Values; ++v) x[v] = over_warp(x[v], combine);
    if constexpr (Threads > 32) {
        constexpr int warps = Threads / 32;
        __shared__ A part[2][Values][warps];
        int const warp = static_cast<int>(threadIdx.x) / 32;
        if (threadIdx.x % 32 == 0)
            for (int v = 0; v < Values; ++v) part[turn][v][warp] = x[v];
        __syncthreads();
        for (int v = 0; v < Values; ++v) {
            x[v] = part[turn][v][0];
            for (int w = 1; w < warps; ++w) x[v] = combine(x[v], part[turn][v][w]);
        }
    }
}

}  // namespace shardtype::cuda
