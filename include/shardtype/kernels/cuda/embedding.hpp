#pragma once
#include <shardtype/kernels/cuda/each.hpp>
#include <shardtype/kernels/cuda/elementwise.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/kernels/cuda/token_order.hpp>

namespace shardtype::cuda {

namespace detail {

/// A warp per token.
template <class T, int N>
__global__ void __launch_bounds__(256)
    embedding_forward_kernel(int const* tokens, T const* w, T* y, long count, long cols, long first_row, long rows) {
    for (long i = team<32>(); i < count; i += teams<32>()) {
        long const row = tokens[i] - first_row;
        bool const here = row >= 0 && row < rows;
        T const* const from = w + (here ? row : 0) * cols;
        long c = static_cast<long>(threadIdx.x % 32) * N;
        constexpr long stride = 32 * N;
        for (; c + 3 * stride < cols; c += 4 * stride) {
            chunk<T, N> p[4];
            for (int u = 0; u < 4; ++u) p[u] = here ? load_chunk<T, N>(from + c + u * stride) : chunk<T, N>{};
            for (int u = 0; u < 4; ++u) *reinterpret_cast<chunk<T, N>*>(y + i * cols + c + u * stride) = p[u];
        }
        for (; c < cols; c += stride)
            *reinterpret_cast<chunk<T, N>*>(y + i * cols + c) = here ? load_chunk<T, N>(from + c) : chunk<T, N>{};
    }
}

/// sum += the rows of dy that entries begin, begin + step, ... < end of the order name, at columns c.
template <int N, class T>
__device__ __forceinline__ void add_tokens(wide_t<T> (&sum)[N], T const* dy, int const* order, long begin, long end,
                                           long step, long c, long cols) {
    long e = begin;
    for (; e + 3 * step < end; e += 4 * step) {
        chunk<T, N> p[4];
        for (int u = 0; u < 4; ++u) p[u] = load_chunk<T, N>(dy + order[e + u * step] * cols + c);
        for (int u = 0; u < 4; ++u)
            for (int k = 0; k < N; ++k) sum[k] += p[u][k];
    }
    for (; e < end; e += step) {
        chunk<T, N> const p = load_chunk<T, N>(dy + order[e] * cols + c);
        for (int k = 0; k < N; ++k) sum[k] += p[k];
    }
}

template <int N, class A>
__device__ __forceinline__ void put_sum(A* out, A (&sum)[N], bool add) {
    if (add) {
        chunk<A, N> const old = load_chunk<A, N>(static_cast<A const*>(out));
        for (int k = 0; k < N; ++k) sum[k] = old[k] + sum[k];
    }
    store_chunk<A, N>(out, sum);
}

/// Runs of equal tokens that are this long at most are one warp's work.
inline constexpr long short_run = 32;

/// A warp per run of equal tokens that is short.
template <class T, int N>
__global__ void __launch_bounds__(256)
    embedding_short_runs(token_order at, T const* dy, wide_t<T>* dw, long cols, bool add) {
    long const count = *at.total;
    int const lane = static_cast<int>(threadIdx.x) % 32;
    for (long i = team<32>(); i < count; i += teams<32>()) {
        int const token = at.token(i);
        if (i > 0 && at.token(i - 1) == token) continue;
        // the first entry of the next 32 that is another token
        int differs = i + 1 + lane < count && at.token(i + 1 + lane) == token ? 32 : lane;
        for (int offset = 16; offset > 0; offset /= 2) {
            int const other = __shfl_xor_sync(0xffffffffU, differs, offset);
            differs = other < differs ? other : differs;
        }
        if (differs >= short_run) continue;
        for (long c = lane * N; c < cols; c += 32 * N) {
            wide_t<T> sum[N];
            for (int k = 0; k < N; ++k) sum[k] = wide_t<T>(0);
            add_tokens<N>(sum, dy, at.order, i, i + 1 + differs, 1L, c, cols);
            put_sum<N>(dw + (token - at.first_row) * cols + c, sum, add);
        }
    }
}

/// Longer runs: each covers a multiple of `short_run`, whose block does it with all its warps, 32 N columns at a time.
template <class T, int N>
__global__ void __launch_bounds__(256)
    embedding_long_runs(token_order at, T const* dy, wide_t<T>* dw, long cols, bool add) {
    __shared__ wide_t<T> room[8][32 * N];
    long const count = *at.total;
    int const lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    for (long mark = static_cast<long>(blockIdx.x) * short_run; mark < count; mark += gridDim.x * short_run) {
        int const token = at.token(mark);
        if (mark >= short_run && at.token(mark - short_run) == token) continue;  // an earlier mark is in the run
        long const begin = at.begin_of_run(mark, mark < short_run ? 0 : mark - short_run + 1);
        long const end = at.end_of_run(mark, count);
        if (end - begin <= short_run) continue;
        for (long base = static_cast<long>(blockIdx.y) * 32 * N; base < cols; base += gridDim.y * 32 * N) {
            long const c = base + lane * N;
            wide_t<T> sum[N];
            for (int k = 0; k < N; ++k) sum[k] = wide_t<T>(0);
            if (c < cols) add_tokens<N>(sum, dy, at.order, begin + warp, end, 8L, c, cols);
            for (int k = 0; k < N; ++k) room[warp][k * 32 + lane] = sum[k];
            __syncthreads();
            if (warp == 0 && c < cols) {
                for (int k = 0; k < N; ++k)
                    for (int other = 1; other < 8; ++other) sum[k] += room[other][k * 32 + lane];
                put_sum<N>(dw + (token - at.first_row) * cols + c, sum, add);
            }
            __syncthreads();
        }
    }
}

template <class T, int N>
void add_embedding_rows(execution const& with, token_order const& at, T const* dy, wide_t<T>* dw, long count, long cols,
                        bool add) {
    launch(embedding_short_runs<T, N>, blocks_for((count + 7) / 8, 256), 256, with.stream, at, dy, dw, cols, add);
    if (count <= short_run) return;
    auto const marks = static_cast<unsigned>((count + short_run - 1) / short_run);
    auto const tiles = static_cast<unsigned>((cols + 32 * N - 1) / (32 * N));
    launch(embedding_long_runs<T, N>, dim3(marks < 1024 ? marks : 1024, tiles < 16 ? tiles : 16), 256, with.stream, at,
           dy, dw, cols, add);
}

}  // namespace detail

/// y[i] = w[tokens[i] - first_row] where that is in [0, rows), zeros elsewhere: the vocabulary may be sharded.
/// y [count, cols], w [rows, cols].
template <class T>
void embedding_forward(execution const& with, int const* tokens, T const* w, T* y, long count, long cols,
                       long first_row, long rows) {
    if (count <= 0 || cols <= 0) return;
    bool const by_chunks = aligned(w, static_cast<T const*>(y)) && cols % width_of<T> == 0;
    auto const kernel =
        by_chunks ? detail::embedding_forward_kernel<T, width_of<T>> : detail::embedding_forward_kernel<T, 1>;
    launch(kernel, blocks_for((count + 7) / 8, 256), 256, with.stream, tokens, w, y, count, cols, first_row, rows);
}

/// dw[tokens[i] - first_row] += dy[i] where that row is in [0, rows), the sum in a fixed order whatever repeats; dw,
/// float for bf16, is zeroed first unless `accumulate`. Takes scratch. @pre count < 2^30
template <class T>
void embedding_backward(execution const& with, int const* tokens, T const* dy, wide_t<T>* dw, long count, long cols,
                        long first_row, long rows, bool accumulate) {
    if (!accumulate) fill(with, wide_t<T>(0), dw, rows * cols);
    if (count <= 0 || rows <= 0 || cols <= 0) return;
    detail::token_order const at = detail::order_tokens(with, tokens, count, first_row, rows);
    if (aligned<char>(reinterpret_cast<char const*>(dy), reinterpret_cast<char const*>(dw)) &&
        cols % width_of<T> == 0) {
        detail::add_embedding_rows<T, width_of<T>>(with, at, dy, dw, count, cols, accumulate);
    } else {
        detail::add_embedding_rows<T, 1>(with, at, dy, dw, count, cols, accumulate);
    }
}

}  // namespace shardtype::cuda
