#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

namespace detail {

template <class T>
struct swiglu_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 4;
    T const *gate, *up;
    T* y;

    template <int N>
    struct piece {
        chunk<T, N> g, u;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return {load_chunk<T, N, Whole>(gate + i), load_chunk<T, N, Whole>(up + i)};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> out[N];
        for (int k = 0; k < N; ++k) {
            wide_t<T> const g = p.g[k];
            out[k] = g / (wide_t<T>(1) + std::exp(-g)) * p.u[k];
        }
        store_chunk<T, N, Whole>(y + i, out);
    }
};

template <class T>
struct swiglu_gradient_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 2;
    T const *dy, *gate, *up;
    T *dgate, *dup;

    template <int N>
    struct piece {
        chunk<T, N> d, g, u;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return {load_chunk<T, N, Whole>(dy + i), load_chunk<T, N, Whole>(gate + i), load_chunk<T, N, Whole>(up + i)};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> to_gate[N], to_up[N];
        for (int k = 0; k < N; ++k) {
            wide_t<T> const one(1), g = p.g[k], d = p.d[k];
            wide_t<T> const s = one / (one + std::exp(-g));
            to_gate[k] = d * p.u[k] * (s * (one + g * (one - s)));
            to_up[k] = d * (g * s);
        }
        store_chunk<T, N, Whole>(dgate + i, to_gate);
        store_chunk<T, N, Whole>(dup + i, to_up);
    }
};

}  // namespace detail

/// y = silu(gate) up over n elements, with silu(x) = x / (1 + exp(-x)); `y` may be `gate` or `up`.
template <class T>
void swiglu_forward(execution const& with, T const* gate, T const* up, T* y, long n) {
    each(with, detail::swiglu_op<T>{gate, up, y}, n, aligned(gate, up, y));
}

/// dgate = dy up silu'(gate) and dup = dy silu(gate), with silu'(x) = s (1 + x (1 - s)) and s = 1 / (1 + exp(-x)).
/// Each output may be any of the inputs.
template <class T>
void swiglu_backward(execution const& with, T const* dy, T const* gate, T const* up, T* dgate, T* dup, long n) {
    each(with, detail::swiglu_gradient_op<T>{dy, gate, up, dgate, dup}, n, aligned(dy, gate, up, dgate, dup));
}

}  // namespace shardtype::cuda
