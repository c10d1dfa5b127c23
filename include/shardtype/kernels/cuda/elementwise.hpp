#pragma once
#include <shardtype/kernels/cuda/copies.hpp>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

namespace detail {

/// 16 bytes of the narrowest of the types.
template <class A, class B>
inline constexpr int common_width = width_of<A> > width_of<B> ? width_of<A> : width_of<B>;

template <class T, class B>
struct add_op {
    static constexpr int width = common_width<T, B>, least = 1, unroll = sizeof(T) == sizeof(B) ? 4 : 2;
    T const* a;
    B const* b;
    T* out;

    template <int N>
    struct piece {
        chunk<T, N> x;
        chunk<B, N> y;
    };
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return {load_chunk<T, N, Whole>(a + i), load_chunk<B, N, Whole>(b + i)};
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<T> sum[N];
        for (int k = 0; k < N; ++k) sum[k] = p.x[k] + p.y[k];
        store_chunk<T, N, Whole>(out + i, sum);
    }
};

/// out = in, rounded to To.
template <class From, class To>
struct cast_op {
    static constexpr int width = common_width<From, To>, least = 1, unroll = 4;
    From const* in;
    To* out;

    template <int N>
    using piece = chunk<From, N>;
    template <int N, bool Whole>
    __device__ __forceinline__ piece<N> load(long i) const {
        return load_chunk<From, N, Whole>(in + i);
    }
    template <int N, bool Whole>
    __device__ __forceinline__ void store(long i, piece<N> const& p) const {
        wide_t<To> x[N];
        for (int k = 0; k < N; ++k) x[k] = p[k];
        store_chunk<To, N, Whole>(out + i, x);
    }
};

template <class T>
struct fill_op {
    static constexpr int width = width_of<T>, least = 1, unroll = 4;
    T value;
    T* out;

    template <int N>
    struct piece {};
    template <int N, bool>
    __device__ __forceinline__ piece<N> load(long) const {
        return {};
    }
    template <int N, bool>
    __device__ __forceinline__ void store(long i, piece<N>) const {
        if constexpr (N == 1) {
            out[i] = value;
        } else {
            wide_t<T> x[N];
            for (int k = 0; k < N; ++k) x[k] = widen(value);
            store_chunk<T, N, true>(out + i, x);
        }
    }
};

}  // namespace detail

/// out = a + b over n elements, rounded once; `out` may be an operand of its type. T and B may be bf16 and float.
template <class T, class B = T>
void add(execution const& with, T const* a, B const* b, T* out, long n) {
    each(with, detail::add_op<T, B>{a, b, out}, n, aligned(a, b, out));
}

/// out += in over n elements, rounded once.
template <class T>
void copy_add(execution const& with, T const* in, T* out, long n) {
    add(with, static_cast<T const*>(out), in, out, n);
}

/// out = in over n elements, rounded to nearest, ties to even. Reads 4 and writes 2 bytes per element.
inline void cast_to_bf16(execution const& with, float const* in, bf16* out, long n) {
    each(with, detail::cast_op<float, bf16>{in, out}, n, aligned(in, out));
}

/// out (+)= in over n elements, without loss where it does not add.
inline void cast_to_f32(execution const& with, bf16 const* in, float* out, long n, bool accumulate) {
    if (accumulate) return add(with, static_cast<float const*>(out), in, out, n);
    each(with, detail::cast_op<bf16, float>{in, out}, n, aligned(in, out));
}

/// out = value over n elements.
template <class T>
void fill(execution const& with, T value, T* out, long n) {
    each(with, detail::fill_op<T>{value, out}, n, aligned(out));
}

}  // namespace shardtype::cuda
