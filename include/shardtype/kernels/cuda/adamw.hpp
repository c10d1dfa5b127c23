#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/each.hpp>

namespace shardtype::cuda {

/// What a step's optimizer reads and a graph of steps must not hold: it lies in device memory.
struct step_values {
    double learning_rate;  ///< of this step
    double beta1, beta2;   ///< decay of the two moments
    double eps;            ///< added to the root
    double weight_decay;   ///< decoupled: times the rate
    double bias1, bias2;   ///< 1 - beta1^step, 1 - beta2^step, steps counted from 1
    double max_norm;       ///< of the gradients, see clip
};

namespace detail {

template <class T>
struct adamw_piece {
    static constexpr int count = width_of<T>;
    chunk<T, count> w, g, m, v;
};

template <class T>
struct adamw_step {
    T keep, rate, root, new1, old2, new2, eps, scale;

    __device__ __forceinline__ adamw_step(step_values const& p, double gradient_scale)
        : keep(static_cast<T>(1 - p.learning_rate * p.weight_decay)),
          rate(static_cast<T>(p.learning_rate / p.bias1)),
          root(static_cast<T>(1 / std::sqrt(p.bias2))),
          new1(static_cast<T>(1 - p.beta1)),
          old2(static_cast<T>(p.beta2)),
          new2(static_cast<T>(1 - p.beta2)),
          eps(static_cast<T>(p.eps)),
          scale(static_cast<T>(gradient_scale)) {}

    /// An element's new weight. What is fused is written out: the compiler's choice could differ between the chunks and
    /// the rest, and an element's result must not depend on where its shard begins.
    __device__ __forceinline__ T operator()(T w, T g, T& m, T& v) const {
        T const d = g * scale;
        m = std::fma(new1, std::fma(g, scale, -m), m);
        v = std::fma(old2, v, new2 * (d * d));
        return std::fma(keep, w, -(rate * (m / std::fma(std::sqrt(v), root, eps))));
    }
};

template <class T>
__global__ void __launch_bounds__(256)
    adamw_kernel(T* w, T const* g, T* m, T* v, long whole, long n, step_values const* numbers, double const* report) {
    constexpr int N = width_of<T>;
    adamw_step<T> const step(*numbers, report[2]);
    long const thread = static_cast<long>(blockIdx.x) * 256 + threadIdx.x, threads = static_cast<long>(gridDim.x) * 256;
    auto const load = [&](long i) {
        return adamw_piece<T>{load_chunk<T, N>(w + i), load_chunk<T, N>(g + i), load_chunk<T, N>(m + i),
                              load_chunk<T, N>(v + i)};
    };
    auto const finish = [&](long i, adamw_piece<T> const& p) {
        T weight[N], first[N], second[N];
        for (int k = 0; k < N; ++k) {
            first[k] = p.m[k];
            second[k] = p.v[k];
            weight[k] = step(p.w[k], p.g[k], first[k], second[k]);
        }
        store_chunk<T, N>(w + i, weight);
        store_chunk<T, N>(m + i, first);
        store_chunk<T, N>(v + i, second);
    };
    long i = thread * N;
    long const stride = threads * N;
    for (; i + stride < whole; i += 2 * stride) {
        adamw_piece<T> const a = load(i), b = load(i + stride);
        finish(i, a);
        finish(i + stride, b);
    }
    if (i < whole) finish(i, load(i));
    for (long j = whole + thread; j < n; j += threads) {
        T first = m[j], second = v[j];
        w[j] = step(w[j], g[j], first, second);
        m[j] = first;
        v[j] = second;
    }
}

/// The groups' sums of squares, by value.
struct clip_sums {
    static constexpr int most = 9;
    double const* at[most];
};

template <class T>
__global__ void __launch_bounds__(32)
    clip_kernel(clip_sums sums, int groups, T const* loss, step_values const* numbers, double* report) {
    if (threadIdx.x != 0) return;
    double total = 0;
    for (int i = 0; i < clip_sums::most; ++i)  // a constant number: what lies in registers has no address
        if (i < groups) total += *sums.at[i];
    double const norm = std::sqrt(total), scale = numbers->max_norm / (norm + 1e-6);
    report[0] = static_cast<double>(*loss);
    report[1] = norm;
    report[2] = scale < 1 ? scale : 1;
}

}  // namespace detail

/// One AdamW step over n elements, in place on the weight w and the moments m and v:
///   g' = report[2] g,  m = beta1 m + (1 - beta1) g',  v = beta2 v + (1 - beta2) g'^2,
///   w = (1 - learning_rate weight_decay) w - learning_rate / bias1 m / (sqrt(v / bias2) + eps).
/// Each element is loaded and stored once: 28 bytes of traffic in float.
template <class T>
void adamw(execution const& with, T* w, T const* g, T* m, T* v, long n, step_values const* numbers,
           double const* report) {
    if (n <= 0) return;
    long const whole = aligned(static_cast<T const*>(w), g, static_cast<T const*>(m), static_cast<T const*>(v))
                           ? n - n % width_of<T>
                           : 0;
    long const per_block = 256L * (whole > 0 ? 2 * width_of<T> : 1);
    launch(detail::adamw_kernel<T>, blocks_for((n + per_block - 1) / per_block, 256), 256, with.stream, w, g, m, v,
           whole, n, numbers, report);
}

/// report = {*loss, norm, scale}: the norm is the root of the sum of `groups` sums (at most 9) of squares, added in
/// their order; gradients are scaled by min(1, max_norm / (norm + 1e-6)). `sums` itself lies on the host.
template <class T>
void clip(execution const& with, double const* const* sums, int groups, T const* loss, step_values const* numbers,
          double* report) {
    detail::clip_sums list{};
    if (groups > detail::clip_sums::most) throw std::invalid_argument("clip: more than 9 groups of gradients");
    for (int i = 0; i < groups; ++i) list.at[i] = sums[i];
    launch(detail::clip_kernel<T>, 1, 32, with.stream, list, groups, loss, numbers, report);
}

}  // namespace shardtype::cuda
