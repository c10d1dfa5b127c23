#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

namespace detail {

/// GELU is x s with s = (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
/// The exponential of -2 |u| neither overflows nor makes s (1 - s) a difference of equals.
template <class A>
struct gelu_gate {
    A s;       ///< (1 + tanh u) / 2
    A spread;  ///< s (1 - s)
};
template <class A>
__device__ __forceinline__ gelu_gate<A> gelu_gate_of(A x) {
    A const twice_u = x * (A(1.5957691216057308) + A(0.07135481627260025) * (x * x));
    A const e = std::exp(twice_u < A(0) ? twice_u : -twice_u);
    A const r = A(1) / (A(1) + e);
    return {twice_u < A(0) ? e * r : r, e * r * r};
}

template <class T>
struct gelu_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 4;
    T const* x;
    T* y;

    template <int N>
    using piece = chunk<T, N>;
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return load_chunk<T, N, Whole>(x + i);
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> out[N];
        for (int k = 0; k < N; ++k) out[k] = p[k] * gelu_gate_of(p[k]).s;
        store_chunk<T, N, Whole>(y + i, out);
    }
};

template <class T>
struct gelu_gradient_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 2;
    T const *dy, *x;
    T* dx;

    template <int N>
    struct piece {
        chunk<T, N> d, x;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return {load_chunk<T, N, Whole>(dy + i), load_chunk<T, N, Whole>(x + i)};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> out[N];
        for (int k = 0; k < N; ++k) {
            wide_t<T> const a = p.x[k];
            auto const gate = gelu_gate_of(a);
            wide_t<T> const slope = wide_t<T>(1.5957691216057308) + wide_t<T>(0.21406444881780075) * (a * a);
            out[k] = p.d[k] * (gate.s + a * gate.spread * slope);
        }
        store_chunk<T, N, Whole>(dx + i, out);
    }
};

}  // namespace detail

/// y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 over n elements; `y` may be `x`.
template <class T>
void gelu_forward(execution const& with, T const* x, T* y, long n) {
    each(with, detail::gelu_op<T>{x, y}, n, aligned(x, y));
}

/// dx = dy (s + x s (1 - s) d(2 u)/dx), with s and u as in `gelu_gate`. `dx` may be `dy` or `x`.
/// @pre |x| < 1e9: x^2 times a small number must stay finite
template <class T>
void gelu_backward(execution const& with, T const* dy, T const* x, T* dx, long n) {
    each(with, detail::gelu_gradient_op<T>{dy, x, dx}, n, aligned(dy, x, dx));
}

}  // namespace shardtype::cuda
