#pragma once
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/kernels/cuda/team.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cuda {

namespace detail {

/// parts[block] = the sum of the squares of x that fall to the block, in double.
template <class T>
__global__ void __launch_bounds__(256) square_sum_parts(T const* x, long whole, long n, double* parts) {
    constexpr int N = width_of<T>, unroll = 4;
    long const thread = static_cast<long>(blockIdx.x) * 256 + threadIdx.x, threads = static_cast<long>(gridDim.x) * 256;
    double sum[unroll] = {};
    long i = thread * N;
    auto const square = [](auto a) {
        auto const b = static_cast<double>(a);
        return b * b;
    };
    for (; i + (unroll - 1) * threads * N < whole; i += unroll * threads * N) {
        chunk<T, N> p[unroll];
        for (int u = 0; u < unroll; ++u) p[u] = load_chunk<T, N>(x + i + u * threads * N);
        for (int u = 0; u < unroll; ++u)
            for (int k = 0; k < N; ++k) sum[u] += square(p[u][k]);
    }
    for (; i < whole; i += threads * N) {
        chunk<T, N> const p = load_chunk<T, N>(x + i);
        for (int k = 0; k < N; ++k) sum[0] += square(p[k]);
    }
    for (long j = whole + thread; j < n; j += threads) sum[1] += square(widen(x[j]));
    double total[1] = {(sum[0] + sum[1]) + (sum[2] + sum[3])};
    over_team<256>(total, 0);
    if (threadIdx.x == 0) parts[blockIdx.x] = total[0];
}

template <class A>
__global__ void __launch_bounds__(256) square_sum_end(A const* parts, int count, A* out, bool add) {
    A total[1] = {0};
    for (int i = static_cast<int>(threadIdx.x); i < count; i += 256) total[0] += parts[i];
    over_team<256>(total, 0);
    if (threadIdx.x == 0) *out = add ? *out + total[0] : total[0];
}

}  // namespace detail

/// *out (+)= sum of x^2 over n elements, in double and in a fixed order, the same on every device. Takes scratch.
template <class T>
void square_sum(execution const& with, T const* x, long n, double* out, bool accumulate = false) {
    auto* const parts = static_cast<double*>(with.scratch);
    long const blocks = square_sum_scratch_bytes(n) / 8;
    long const whole = aligned(x) ? n - n % width_of<T> : 0;
    launch(detail::square_sum_parts<T>, static_cast<unsigned>(blocks), 256, with.stream, x, whole, n, parts);
    launch(detail::square_sum_end<double>, 1, 256, with.stream, parts, static_cast<int>(blocks), out, accumulate);
}

}  // namespace shardtype::cuda
