#pragma once
#include <shardtype/kernels/cuda/columns.hpp>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

namespace detail {

template <class T>
struct bias_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 4;
    T const *x, *b;
    T* y;
    long cols;

    template <int N>
    struct piece {
        chunk<T, N> x, b;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return {load_chunk<T, N, Whole>(x + i), load_chunk<T, N, Whole>(b + (i - quotient(i, cols) * cols))};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> out[N];
        for (int k = 0; k < N; ++k) out[k] = p.x[k] + p.b[k];
        store_chunk<T, N, Whole>(y + i, out);
    }
};

template <class T>
struct bias_term {
    using wide = wide_t<T>;
    static constexpr int values = 1;
    T const* dy;
    long cols;

    template <int N>
    using piece = chunk<T, N>;
    template <int N>
    __device__ __forceinline__ piece<N> load(long r, long c) const {
        return load_chunk<T, N>(dy + r * cols + c);
    }
    template <int N>
    __device__ __forceinline__ void add(piece<N> const& p, wide (&sum)[1][N]) const {
        for (int k = 0; k < N; ++k) sum[0][k] += p[k];
    }
};

}  // namespace detail

/// y = x + b, b added to every row; x, y [rows, cols], b [cols]. `y` may be `x`.
template <class T>
void bias_forward(execution const& with, T const* x, T const* b, T* y, long rows, long cols) {
    each(with, detail::bias_op<T>{x, b, y, cols}, rows * cols, aligned(x, b, y) && cols % width_of<T> == 0);
}

/// db (+)= the sum of the rows of dy [rows, cols], in a fixed order; db of bf16 is float. Takes scratch.
template <class T>
void bias_backward(execution const& with, T const* dy, wide_t<T>* db, bool accumulate, long rows, long cols) {
    detail::bias_term<T> const term{dy, cols};
    if (aligned(dy) && cols % width_of<T> == 0) {
        detail::sum_columns<width_of<T>>(with, term, rows, cols);
    } else {
        detail::sum_columns<1>(with, term, rows, cols);
    }
    detail::add_parts(with, static_cast<wide_t<T> const*>(with.scratch), detail::column_parts(rows), 1, 0, db,
                      accumulate, cols);
}

}  // namespace shardtype::cuda
