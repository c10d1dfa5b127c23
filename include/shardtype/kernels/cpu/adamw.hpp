#pragma once
#include <cmath>
#include <shardtype/kernels/adamw_parameters.hpp>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

using shardtype::adamw_parameters;

/// One AdamW step over n elements, in place on the weight w and the moments m and v:
///   g' = gradient_scale g,  m = beta1 m + (1 - beta1) g',  v = beta2 v + (1 - beta2) g'^2,
///   w = (1 - lr weight_decay) w - lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step)) + eps).
/// Each element is loaded and stored once: 28 bytes of traffic in float.
template <class T>
void adamw(execution const&, T* w, T const* g, T* m, T* v, long n, adamw_parameters const& p, T gradient_scale) {
    using batch = detail::vec::batch<T>;
    double const steps = static_cast<double>(p.step);
    T const keep = static_cast<T>(1 - p.lr * p.weight_decay);
    T const rate = static_cast<T>(p.lr / (1 - std::pow(p.beta1, steps)));
    T const root = static_cast<T>(1 / std::sqrt(1 - std::pow(p.beta2, steps)));
    T const new1 = static_cast<T>(1 - p.beta1);
    T const old2 = static_cast<T>(p.beta2);
    T const new2 = static_cast<T>(1 - p.beta2);
    T const eps = static_cast<T>(p.eps);
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 3>(
            begin, end,
            [=](batch const& weight, batch const& gradient, batch const& first, batch const& second) {
                batch const d = gradient * batch(gradient_scale);
                batch const m1 = first + batch(new1) * (d - first);
                batch const v1 = batch(old2) * second + batch(new2) * (d * d);
                batch const denominator = xsimd::sqrt(v1) * batch(root) + batch(eps);
                return std::array<batch, 3>{batch(keep) * weight - batch(rate) * (m1 / denominator), m1, v1};
            },
            {w, m, v}, w, g, m, v);
    });
}

}  // namespace shardtype::cpu
