#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

namespace detail {

template <class T>
__global__ void __launch_bounds__(256) rotary_table_kernel(T* cos, T* sin, long seq, long head_dim, double theta) {
    long const half = head_dim / 2, stride = static_cast<long>(gridDim.x) * blockDim.x;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < seq * half; i += stride) {
        long const position = i / half;
        double const pair = static_cast<double>(i - position * half);
        double const angle =
            static_cast<double>(position) * std::pow(theta, -2.0 * pair / static_cast<double>(head_dim));
        cos[i] = static_cast<T>(std::cos(angle));
        sin[i] = static_cast<T>(std::sin(angle));
    }
}

/// Chunks are whole pairs and, where they are wide, part of one head.
template <class T>
struct rotary_op {
    static constexpr int width = width_of<T>, least = 2, unroll = 2;
    T const* x;
    wide_t<T> const *cos, *sin;
    T* y;
    long row;  ///< elements of a position: heads head_dim
    long seq, head_dim;
    wide_t<T> way;  ///< -1 turns back

    template <int N>
    struct piece {
        chunk<T, N> x;
        chunk<wide_t<T>, N / 2> cos, sin;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        long const at = quotient(i, row);  // batch seq
        long const position = at - quotient(at, seq) * seq;
        long const within = i - at * row;
        long const turn = position * (head_dim / 2) + (within - quotient(within, head_dim) * head_dim) / 2;
        return {load_chunk<T, N, Whole>(x + i), load_chunk<wide_t<T>, N / 2, Whole>(cos + turn),
                load_chunk<wide_t<T>, N / 2, Whole>(sin + turn)};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> out[N];
        for (int k = 0; k < N / 2; ++k) {
            wide_t<T> const re = p.x[2 * k], im = p.x[2 * k + 1], c = p.cos[k], s = way * p.sin[k];
            out[2 * k] = re * c - im * s;
            out[2 * k + 1] = re * s + im * c;
        }
        store_chunk<T, N, Whole>(y + i, out);
    }
};

}  // namespace detail

/// cos and sin [seq, head_dim / 2] of position * theta^(-2 i / head_dim), made in double. Called at set-up.
template <class T>
void rotary_table(execution const& with, T* cos, T* sin, long seq, long head_dim, double theta) {
    long const n = seq * (head_dim / 2);
    if (n > 0)
        launch(detail::rotary_table_kernel<T>, blocks_for((n + 255) / 256, 256), 256, with.stream, cos, sin, seq,
               head_dim, theta);
}

/// Turns each pair (x[2 i], x[2 i + 1]) of a head by its position's angle i; `inverse` turns back, which is the
/// gradient. x, y [batch, seq, heads, head_dim]; cos, sin [seq, head_dim / 2], of bf16 in float; `y` may be `x`.
template <class T>
void rotary(execution const& with, T const* x, wide_t<T> const* cos, wide_t<T> const* sin, T* y, long batch, long seq,
            long heads, long head_dim, bool inverse) {
    using wide = wide_t<T>;
    detail::rotary_op<T> const op{x, cos, sin, y, heads * head_dim, seq, head_dim, inverse ? wide(-1) : wide(1)};
    each(with, op, batch * seq * heads * head_dim, aligned(x, y, cos, sin) && head_dim % width_of<T> == 0);
}

}  // namespace shardtype::cuda
