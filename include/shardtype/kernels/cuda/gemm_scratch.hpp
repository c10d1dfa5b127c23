#pragma once
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::cuda {

/// What cuBLASLt's workspace is at most: what NVIDIA recommends for Hopper.
inline constexpr long gemm_workspace_limit = 32L << 20;

/// Bytes of scratch that a product C[m,n] (+)= op(A)[m,k] op(B)[k,n] is offered. A library's workspace holds partial
/// sums of C where k is split, so the bound is eight of them in wide_t<T>; `gemm` asks for algorithms that fit, whatever
/// the bound is, so it decides over speed and never over results.
template <class T, class Result = T>
constexpr long gemm_scratch_bytes(long m, long n, long k) {
    if (k < 512) return 0;  // not worth splitting
    long const cells = gemm_workspace_limit / (8 * long{sizeof(wide_t<T>)});
    long const partial = m > cells / n ? gemm_workspace_limit : 8 * long{sizeof(wide_t<T>)} * m * n;
    return partial + 256;  // the library's alignment
}

}  // namespace shardtype::cuda
