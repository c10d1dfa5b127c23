#pragma once
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/kernels/execution.hpp>

// Sums over rows: parts of them by one kernel into scratch, the parts by a second one, both in a fixed order.

namespace shardtype::cuda::detail {

/// Warps of a block that sums columns, each with its own rows.
inline constexpr int column_warps = 8;

/// parts [gridDim.y][Term::values][cols] = sums of `term` over a part of the rows each; a warp has 32 N columns.
template <int N, class Term>
__global__ void __launch_bounds__(32 * column_warps)
    column_sums(Term term, typename Term::wide* parts, long rows, long cols) {
    using wide = typename Term::wide;
    __shared__ wide room[column_warps][32 * N];
    int const lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    long const c = (static_cast<long>(blockIdx.x) * 32 + lane) * N;
    long const stride = static_cast<long>(gridDim.y) * column_warps;
    wide sum[Term::values][N];
    for (int v = 0; v < Term::values; ++v)
        for (int k = 0; k < N; ++k) sum[v][k] = wide(0);
    if (c < cols) {
        long r = static_cast<long>(blockIdx.y) * column_warps + warp;
        for (; r + 3 * stride < rows; r += 4 * stride) {
            typename Term::template piece<N> p[4];
            for (int u = 0; u < 4; ++u) p[u] = term.template load<N>(r + u * stride, c);
            for (int u = 0; u < 4; ++u) term.template add<N>(p[u], sum);
        }
        for (; r < rows; r += stride) term.template add<N>(term.template load<N>(r, c), sum);
    }
    for (int v = 0; v < Term::values; ++v) {
        for (int k = 0; k < N; ++k) room[warp][k * 32 + lane] = sum[v][k];
        __syncthreads();
        for (int i = static_cast<int>(threadIdx.x); i < 32 * N; i += 32 * column_warps) {
            wide total = room[0][i];
            for (int w = 1; w < column_warps; ++w) total += room[w][i];
            long const column = (static_cast<long>(blockIdx.x) * 32 + i % 32) * N + i / 32;
            if (column < cols) parts[(static_cast<long>(blockIdx.y) * Term::values + v) * cols + column] = total;
        }
        __syncthreads();
    }
}

/// out[c] (+)= the sum of `count` parts, `stride` apart: 32 columns and 16 runs of parts per block.
template <class A>
__global__ void __launch_bounds__(512) sum_parts(A const* parts, long count, long stride, A* out, bool add, long cols) {
    __shared__ A room[16][32];
    int const lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    long const c = static_cast<long>(blockIdx.x) * 32 + lane;
    A sum = A(0);
    if (c < cols) {
        long p = warp;
        for (; p + 7 * 16 < count; p += 8 * 16) {
            A x[8];
            for (int u = 0; u < 8; ++u) x[u] = parts[(p + u * 16) * stride + c];
            for (int u = 0; u < 8; ++u) sum += x[u];
        }
        for (; p < count; p += 16) sum += parts[p * stride + c];
    }
    room[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && c < cols) {
        for (int w = 1; w < 16; ++w) sum += room[w][lane];
        out[c] = add ? out[c] + sum : sum;
    }
}

/// Value v of parts [count][values][cols] to out, written or added.
template <class A>
void add_parts(execution const& with, A const* parts, long count, int values, int v, A* out, bool add, long cols) {
    if (cols <= 0) return;
    launch(sum_parts<A>, static_cast<unsigned>((cols + 31) / 32), 512, with.stream, parts + v * cols, count,
           values * cols, out, add, cols);
}

/// Sums `term` over the rows into scratch: parts [column_parts(rows)][Term::values][cols].
template <int N, class Term>
void sum_columns(execution const& with, Term const& term, long rows, long cols) {
    if (rows <= 0 || cols <= 0) return;
    dim3 const grid(static_cast<unsigned>((cols + 32 * N - 1) / (32 * N)), static_cast<unsigned>(column_parts(rows)));
    launch(column_sums<N, Term>, grid, 32 * column_warps, with.stream, term,
           static_cast<typename Term::wide*>(with.scratch), rows, cols);
}

}  // namespace shardtype::cuda::detail
