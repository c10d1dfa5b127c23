#pragma once
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cuda {

namespace detail {

/// op at [begin, end) by chunks of N, Unroll of them read before the first is written.
template <int N, bool Whole, int Unroll, class Op>
__device__ __forceinline__ void walk(Op const& op, long begin, long end) {
    long const stride = static_cast<long>(gridDim.x) * blockDim.x * N;
    long i = begin + (static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
    for (; i + (Unroll - 1) * stride < end; i += Unroll * stride) {
        typename Op::template piece<N> p[Unroll];
        for (int u = 0; u < Unroll; ++u) p[u] = op.template load<N, Whole>(i + u * stride);
        for (int u = 0; u < Unroll; ++u) op.template store<N, Whole>(i + u * stride, p[u]);
    }
    for (; i < end; i += stride) op.template store<N, Whole>(i, op.template load<N, Whole>(i));
}

template <class Op>
__global__ void __launch_bounds__(256) each_kernel(Op op, long whole, long n) {
    if (whole > 0) walk<Op::width, true, Op::unroll>(op, 0, whole);
    if (whole < n) walk<Op::least, false, 4>(op, whole, n);
}

}  // namespace detail

/// An elementwise kernel over n elements. `op` holds its pointers and is asked at chunks that begin at i:
/// `load<N, Whole>(i)` gives a `piece<N>`, `store<N, Whole>(i, piece)` computes and writes; outputs may be inputs.
/// `Op::width` elements (a multiple of 16 bytes in every array) make a chunk where `by_width`, i.e. all arrays are
/// aligned, else and in the rest `Op::least`, of which n is a multiple; `Op::unroll` chunks are in flight per thread.
template <class Op>
void each(execution const& with, Op const& op, long n, bool by_width) {
    if (n <= 0) return;
    long const whole = by_width ? n - n % Op::width : 0;
    long const per_block = 256L * (whole > 0 ? Op::width * Op::unroll : Op::least * 4);
    launch(detail::each_kernel<Op>, blocks_for((n + per_block - 1) / per_block, 256), 256, with.stream, op, whole, n);
}

}  // namespace shardtype::cuda
