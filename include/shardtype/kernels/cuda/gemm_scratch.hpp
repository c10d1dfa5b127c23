#pragma once
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::cuda {

/// What cuBLASLt's workspace is at most: what NVIDIA recommends for Hopper.
inline constexpr long gemm_workspace_limit = 32L << 20;

/// Bytes of scratch that a product C[m,n] (+)= op(A)[m,k] op(B)[k,n] is offered. A library's workspace holds partial
/// sums of C where k is split: the bound is eight of them in wide_t<T>, none where k is short, and the whole limit for
/// products whose operands are as large themselves. `gemm` asks for algorithms that fit, whatever the bound is, so it
/// decides over speed and never over what is computed.
template <class T, class Result = T>
constexpr long gemm_scratch_bytes(long m, long n, long k) {
    constexpr long alignment = 256;  // of the workspace
    if (m * n * k >= 1L << 32) return gemm_workspace_limit + alignment;
    if (k < 512) return 0;
    long const partial = 8 * long{sizeof(wide_t<T>)} * m * n;
    return (partial < gemm_workspace_limit ? partial : gemm_workspace_limit) + alignment;
}

}  // namespace shardtype::cuda
