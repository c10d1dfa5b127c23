#pragma once
#include <shardtype/kernels/cuda/norm_backward_any.hpp>

// Both norms: `Centred` is layer norm, else the mean counts as 0 and there is no db.

namespace shardtype::cuda::detail {

/// A thread's part of a row.
template <class T, int Pieces>
struct norm_row {
    static constexpr int N = width_of<T>;
    chunk<T, N> d[Pieces], x[Pieces];
    wide_t<T> mean, rstd;

    template <bool Centred, int Threads>
    __device__ __forceinline__ void read(norm_gradient_rows<T> const& a, long r, long first) {
        for (int p = 0; p < Pieces; ++p) {
            long const c = first + p * Threads * N, i = r * a.cols + c;
            d[p] = c < a.cols ? load_chunk<T, N>(a.dy + i) : chunk<T, N>{};
            x[p] = c < a.cols ? load_chunk<T, N>(a.x + i) : chunk<T, N>{};
        }
        rstd = a.rstd[r];
        if constexpr (Centred)
            mean = a.mean[r];
        else
            mean = wide_t<T>(0);
    }
};

/// dx, and into parts [gridDim.x][values][cols] what the block's rows give to dw and db. Each thread owns its columns in
/// all rows of its team, so their sums stay in registers.
template <class T, bool Centred, int Threads, int Pieces>
__global__ void __launch_bounds__(team_block<Threads>, norm_blocks_per_sm(Threads, Centred ? 2 : 1))
    norm_backward_kernel(norm_gradient_rows<T> a, wide_t<T>* parts) {
    using wide = wide_t<T>;
    constexpr int N = width_of<T>, values = Centred ? 2 : 1;
    // Where registers would not suffice w is read anew for each row, which is in cache, and the next row is not on its way.
    constexpr int numbers = Pieces * N * (Centred ? 2 : 1);
    constexpr bool keep = numbers < 16 && Pieces <= 2, ahead = Pieces <= 2 && (numbers < 32 || Threads < 512);
    long const first = static_cast<long>(team_thread<Threads>()) * N;
    auto const load_w = [&](long c) { return c < a.cols ? load_chunk<T, N>(a.w + c) : chunk<T, N>{}; };
    chunk<T, N> w[keep ? Pieces : 1];
    wide sum[values][Pieces][N];
    for (int p = 0; p < Pieces; ++p) {
        if constexpr (keep) w[p] = load_w(first + p * Threads * N);
        for (int v = 0; v < values; ++v)
            for (int k = 0; k < N; ++k) sum[v][p][k] = wide(0);
    }
    norm_row<T, Pieces> next;  // on its way while the row before is worked on
    long r = team<Threads>();
    if (ahead && r < a.rows) next.template read<Centred, Threads>(a, r, first);
    int turn = 0;
    for (; r < a.rows; r += teams<Threads>()) {
        if constexpr (!ahead) next.template read<Centred, Threads>(a, r, first);
        norm_row<T, Pieces> const now = next;
        chunk<T, N> old[Pieces];
        for (int p = 0; p < Pieces; ++p) {
            long const c = first + p * Threads * N;
            old[p] = a.add && c < a.cols ? load_chunk<T, N>(a.dx + r * a.cols + c) : chunk<T, N>{};
        }
        if (ahead && r + teams<Threads>() < a.rows)
            next.template read<Centred, Threads>(a, r + teams<Threads>(), first);
        wide row[values];
        for (int v = 0; v < values; ++v) row[v] = wide(0);
        for (int p = 0; p < Pieces; ++p) {
            chunk<T, N> const weight = keep ? w[keep ? p : 0] : load_w(first + p * Threads * N);
            for (int k = 0; k < N; ++k) {
                wide const g = now.d[p][k] * weight[k], h = now.x[p][k] - now.mean;
                row[0] += g * h;
                sum[0][p][k] += now.d[p][k] * (h * now.rstd);
                if constexpr (Centred) {
                    row[1] += g;
                    sum[1][p][k] += now.d[p][k];
                }
            }
        }
        over_team<Threads>(row, turn);
        turn ^= 1;
        auto const slope = norm_slope<wide>::template of<Centred>(now.mean, now.rstd, row, a.cols);
        for (int p = 0; p < Pieces; ++p) {
            long const c = first + p * Threads * N;
            if (c >= a.cols) break;
            chunk<T, N> const weight = keep ? w[keep ? p : 0] : load_w(c);
            wide out[N];
            for (int k = 0; k < N; ++k)
                out[k] = (a.add ? old[p][k] : wide(0)) + slope(now.d[p][k], weight[k], now.x[p][k]);
            store_chunk<T, N>(a.dx + r * a.cols + c, out);
        }
    }
    wide* const to = parts + static_cast<long>(blockIdx.x) * values * a.cols;
    if constexpr (Threads > 32) {
        for (int v = 0; v < values; ++v)
            for (int p = 0; p < Pieces; ++p) {
                long const c = first + p * Threads * N;
                if (c < a.cols) store_chunk<wide, N>(to + v * a.cols + c, sum[v][p]);
            }
    } else {  // eight teams in the block
        constexpr int width = 32 * Pieces * N;
        __shared__ wide room[8][width];
        for (int v = 0; v < values; ++v) {
            for (int p = 0; p < Pieces; ++p)
                for (int k = 0; k < N; ++k)
                    room[threadIdx.x / 32][p * 32 * N + k * 32 + static_cast<int>(threadIdx.x) % 32] = sum[v][p][k];
            __syncthreads();
            for (int i = static_cast<int>(threadIdx.x); i < width; i += 256) {
                wide total = room[0][i];
                for (int t = 1; t < 8; ++t) total += room[t][i];
                int const p = i / (32 * N), k = i / 32 % N, lane = i % 32;
                long const c = (p * 32 + lane) * N + k;
                if (c < a.cols) to[v * a.cols + c] = total;
            }
            __syncthreads();
        }
    }
}

/// dx, and the partial sums of dw and db into scratch; gives their number.
template <bool Centred, class T>
long norm_backward_parts(execution const& with, norm_gradient_rows<T> const& a) {
    if (a.rows <= 0) return 0;
    auto* const parts = static_cast<wide_t<T>*>(with.scratch);
    bool const by_chunks = aligned<T>(a.dy, a.x, a.w, a.dx) && a.cols % width_of<T> == 0;
    row_shape const shape = by_chunks ? row_shape_of(a.cols, sizeof(T)) : row_shape{0, 0};
    long const blocks =
        shape.threads == 0 ? column_parts(a.rows) : norm_blocks(a.rows, shape, Centred ? 2 : 1, multiprocessors());
    auto const run = [&](auto kernel, int threads) {
        launch(kernel, static_cast<unsigned>(blocks), static_cast<unsigned>(threads), with.stream, a, parts);
    };
    switch (shape.threads) {
        case 32:
            run(norm_backward_kernel<T, Centred, 32, 2>, 256);
            return blocks;
        case 128:
            run(norm_backward_kernel<T, Centred, 128, 2>, 128);
            return blocks;
        case 256:
            run(norm_backward_kernel<T, Centred, 256, 2>, 256);
            return blocks;
        case 512:
            if constexpr (sizeof(T) == 4) {
                if (shape.pieces == 4) {
                    run(norm_backward_kernel<T, Centred, 512, 4>, 512);
                    return blocks;
                }
            }
            run(norm_backward_kernel<T, Centred, 512, 2>, 512);
            return blocks;
        default:
            break;
    }
    // The weights' gradients first: dx may lie where dy or x does.
    norm_term<T, Centred> const term{a};
    if (by_chunks) {
        sum_columns<width_of<T>>(with, term, a.rows, a.cols);
        launch(norm_backward_any<T, Centred, width_of<T>>, blocks_for(a.rows, 256), 256, with.stream, a);
    } else {
        sum_columns<1>(with, term, a.rows, a.cols);
        launch(norm_backward_any<T, Centred, 1>, blocks_for(a.rows, 256), 256, with.stream, a);
    }
    return blocks;
}

}  // namespace shardtype::cuda::detail
