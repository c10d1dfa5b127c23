#pragma once
#include <shardtype/kernels/cuda/columns.hpp>
#include <shardtype/kernels/cuda/team.hpp>

// Both norms, backward, for rows of any length and alignment, which are read again for each sum. `Centred` is layer norm,
// else the mean counts as 0 and there is no db.

namespace shardtype::cuda::detail {

template <class T>
struct norm_gradient_rows {
    T const *dy, *x, *w;
    wide_t<T> const *mean, *rstd;
    T* dx;
    bool add;  ///< to dx
    long rows, cols;
};

/// What a row's dx takes from the sums over it: with h = x - mean and g = dy w, dx = rstd (g - shift - h slope).
template <class A>
struct norm_slope {
    A mean, rstd, shift, slope;

    /// @param sums of g h and, where it is centred, of g
    template <bool Centred, int Values>
    static __device__ __forceinline__ norm_slope of(A mean, A rstd, A const (&sums)[Values], long cols) {
        auto const n = static_cast<A>(cols);
        if constexpr (Centred)
            return {mean, rstd, sums[1] / n, sums[0] * rstd * rstd / n};
        else
            return {A(0), rstd, A(0), sums[0] * rstd * rstd / n};
    }
    __device__ __forceinline__ A operator()(A dy, A w, A x) const {
        return rstd * (dy * w - shift - (x - mean) * slope);
    }
};

/// dx of rows of any length, which are read twice; chunks of N.
template <class T, bool Centred, int N>
__global__ void __launch_bounds__(256) norm_backward_any(norm_gradient_rows<T> a) {
    using wide = wide_t<T>;
    constexpr int values = Centred ? 2 : 1;
    long const first = static_cast<long>(threadIdx.x) * N;
    int turn = 0;
    for (long r = blockIdx.x; r < a.rows; r += gridDim.x) {
        wide const rstd = a.rstd[r];
        wide mean = wide(0);
        if constexpr (Centred) mean = a.mean[r];
        wide row[values];
        for (int v = 0; v < values; ++v) row[v] = wide(0);
        for (long c = first; c < a.cols; c += 256 * N) {
            chunk<T, N> const d = load_chunk<T, N>(a.dy + r * a.cols + c), x = load_chunk<T, N>(a.x + r * a.cols + c);
            chunk<T, N> const w = load_chunk<T, N>(a.w + c);
            for (int k = 0; k < N; ++k) {
                row[0] += d[k] * w[k] * (x[k] - mean);
                if constexpr (Centred) row[1] += d[k] * w[k];
            }
        }
        over_team<256>(row, turn);
        turn ^= 1;
        auto const slope = norm_slope<wide>::template of<Centred>(mean, rstd, row, a.cols);
        for (long c = first; c < a.cols; c += 256 * N) {
            chunk<T, N> const d = load_chunk<T, N>(a.dy + r * a.cols + c), x = load_chunk<T, N>(a.x + r * a.cols + c);
            chunk<T, N> const w = load_chunk<T, N>(a.w + c);
            T* const out = a.dx + r * a.cols + c;
            chunk<T, N> const old = a.add ? load_chunk<T, N>(static_cast<T const*>(out)) : chunk<T, N>{};
            wide y[N];
            for (int k = 0; k < N; ++k) y[k] = (a.add ? old[k] : wide(0)) + slope(d[k], w[k], x[k]);
            store_chunk<T, N>(out, y);
        }
    }
}

/// What a row gives to dw and db.
template <class T, bool Centred>
struct norm_term {
    using wide = wide_t<T>;
    static constexpr int values = Centred ? 2 : 1;
    norm_gradient_rows<T> a;

    template <int N>
    struct piece {
        chunk<T, N> d, x;
        wide mean, rstd;
    };
    template <int N>
    __device__ __forceinline__ piece<N> load(long r, long c) const {
        wide mean = wide(0);
        if constexpr (Centred) mean = a.mean[r];
        return {load_chunk<T, N>(a.dy + r * a.cols + c), load_chunk<T, N>(a.x + r * a.cols + c), mean, a.rstd[r]};
    }
    template <int N>
    __device__ __forceinline__ void add(piece<N> const& p, wide (&sum)[values][N]) const {
        for (int k = 0; k < N; ++k) {
            sum[0][k] += p.d[k] * ((p.x[k] - p.mean) * p.rstd);
            if constexpr (Centred) sum[1][k] += p.d[k];
        }
    }
};

}  // namespace shardtype::cuda::detail
