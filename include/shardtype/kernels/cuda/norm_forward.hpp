#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/kernels/cuda/team.hpp>
#include <shardtype/kernels/execution.hpp>

// Both norms: `Centred` is layer norm, else the mean counts as 0 and there is no b.

namespace shardtype::cuda::detail {

template <class T>
struct norm_rows {
    T const *x, *w, *b;
    T* y;
    wide_t<T>*mean, *rstd;
    long rows, cols;
    wide_t<T> eps;
};

/// Threads on an SM that the registers allow.
template <bool Centred, int Pieces>
inline constexpr int norm_forward_threads = Pieces > 2 ? 512
                                            : Centred  ? 768
                                                       : 1024;

/// A row is in registers between the sums and y; w and b are for all rows of a team.
template <class T, bool Centred, int Threads, int Pieces>
__global__ void __launch_bounds__(team_block<Threads>, norm_forward_threads<Centred, Pieces> / team_block<Threads>)
    norm_forward_kernel(norm_rows<T> a) {
    using wide = wide_t<T>;
    constexpr int N = width_of<T>;
    long const first = static_cast<long>(team_thread<Threads>()) * N;
    auto const n = static_cast<wide>(a.cols);
    chunk<T, N> w[Pieces], b[Centred ? Pieces : 1];
    for (int p = 0; p < Pieces; ++p) {
        long const c = first + p * Threads * N;
        w[p] = c < a.cols ? load_chunk<T, N>(a.w + c) : chunk<T, N>{};
        if constexpr (Centred) b[p] = c < a.cols ? load_chunk<T, N>(a.b + c) : chunk<T, N>{};
    }
    auto const load_x = [&](long r, long c) {
        return c < a.cols ? load_chunk<T, N>(a.x + r * a.cols + c) : chunk<T, N>{};
    };
    chunk<T, N> next[Pieces];  // the row that is on its way while the one before is worked on
    long r = team<Threads>();
    for (int p = 0; p < Pieces; ++p) next[p] = r < a.rows ? load_x(r, first + p * Threads * N) : chunk<T, N>{};
    int turn = 0;
    for (; r < a.rows; r += teams<Threads>()) {
        chunk<T, N> x[Pieces];
        for (int p = 0; p < Pieces; ++p) {
            x[p] = next[p];
            if (r + teams<Threads>() < a.rows) next[p] = load_x(r + teams<Threads>(), first + p * Threads * N);
        }
        wide mean = wide(0);
        if constexpr (Centred) {
            wide sum[1] = {wide(0)};
            for (int p = 0; p < Pieces; ++p)
                for (int k = 0; k < N; ++k) sum[0] += x[p][k];
            over_team<Threads>(sum, turn);
            turn ^= 1;
            mean = sum[0] / n;
        }
        wide squares[1] = {wide(0)};
        for (int p = 0; p < Pieces; ++p) {
            if (Centred && first + p * Threads * N >= a.cols) break;  // what is not there is no 0 about the mean
            for (int k = 0; k < N; ++k) squares[0] += (x[p][k] - mean) * (x[p][k] - mean);
        }
        over_team<Threads>(squares, turn);
        turn ^= 1;
        wide const rstd = wide(1) / std::sqrt(squares[0] / n + a.eps);
        if (first == 0) {
            if constexpr (Centred) a.mean[r] = mean;
            a.rstd[r] = rstd;
        }
        for (int p = 0; p < Pieces; ++p) {
            long const c = first + p * Threads * N;
            if (c >= a.cols) break;
            wide y[N];
            for (int k = 0; k < N; ++k) {
                y[k] = (x[p][k] - mean) * rstd * w[p][k];
                if constexpr (Centred) y[k] += b[p][k];
            }
            store_chunk<T, N>(a.y + r * a.cols + c, y);
        }
    }
}

/// Rows of any length, read once per sum; chunks of N.
template <class T, bool Centred, int N>
__global__ void __launch_bounds__(256) norm_forward_any(norm_rows<T> a) {
    using wide = wide_t<T>;
    long const first = static_cast<long>(threadIdx.x) * N;
    auto const n = static_cast<wide>(a.cols);
    int turn = 0;
    for (long r = blockIdx.x; r < a.rows; r += gridDim.x) {
        T const* const x = a.x + r * a.cols;
        wide mean = wide(0);
        if constexpr (Centred) {
            wide sum[1] = {wide(0)};
            for (long c = first; c < a.cols; c += 256 * N) {
                chunk<T, N> const p = load_chunk<T, N>(x + c);
                for (int k = 0; k < N; ++k) sum[0] += p[k];
            }
            over_team<256>(sum, turn);
            turn ^= 1;
            mean = sum[0] / n;
        }
        wide squares[1] = {wide(0)};
        for (long c = first; c < a.cols; c += 256 * N) {
            chunk<T, N> const p = load_chunk<T, N>(x + c);
            for (int k = 0; k < N; ++k) squares[0] += (p[k] - mean) * (p[k] - mean);
        }
        over_team<256>(squares, turn);
        turn ^= 1;
        wide const rstd = wide(1) / std::sqrt(squares[0] / n + a.eps);
        if (threadIdx.x == 0) {
            if constexpr (Centred) a.mean[r] = mean;
            a.rstd[r] = rstd;
        }
        for (long c = first; c < a.cols; c += 256 * N) {
            chunk<T, N> const p = load_chunk<T, N>(x + c), w = load_chunk<T, N>(a.w + c);
            wide y[N];
            for (int k = 0; k < N; ++k) y[k] = (p[k] - mean) * rstd * w[k];
            if constexpr (Centred) {
                chunk<T, N> const b = load_chunk<T, N>(a.b + c);
                for (int k = 0; k < N; ++k) y[k] += b[k];
            }
            store_chunk<T, N>(a.y + r * a.cols + c, y);
        }
    }
}

template <bool Centred, class T>
void norm_forward(execution const& with, norm_rows<T> const& a) {
    if (a.rows <= 0) return;
    bool const by_chunks = aligned(a.x, a.w, a.b, a.y) && a.cols % width_of<T> == 0;
    auto const run = [&](auto kernel, int threads, long rows_per_block, int on_sm = norm_forward_threads<Centred, 2>) {
        long const blocks = (a.rows + rows_per_block - 1) / rows_per_block;
        unsigned const fill = static_cast<unsigned>(multiprocessors() * (on_sm / threads));
        launch(kernel, blocks < fill ? static_cast<unsigned>(blocks) : fill, static_cast<unsigned>(threads),
               with.stream, a);
    };
    if (!by_chunks) return run(norm_forward_any<T, Centred, 1>, 256, 1);
    row_shape const shape = row_shape_of(a.cols, sizeof(T));
    switch (shape.threads) {
        case 32:
            return run(norm_forward_kernel<T, Centred, 32, 2>, 256, 8);
        case 128:
            return run(norm_forward_kernel<T, Centred, 128, 2>, 128, 1);
        case 256:
            return run(norm_forward_kernel<T, Centred, 256, 2>, 256, 1);
        case 512:
            if constexpr (sizeof(T) == 4)
                if (shape.pieces == 4) return run(norm_forward_kernel<T, Centred, 512, 4>, 512, 1, 512);
            return run(norm_forward_kernel<T, Centred, 512, 2>, 512, 1);
        default:
            return run(norm_forward_any<T, Centred, width_of<T>>, 256, 1);
    }
}

}  // namespace shardtype::cuda::detail
