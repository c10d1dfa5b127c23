#pragma once
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::detail::vec {

/// GELU is x s with s = (1 + tanh u) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
/// The exponential of -2 |u| neither overflows nor makes s (1 - s) a difference of equals.
template <class T>
struct gelu_gate {
    batch<T> s;       ///< (1 + tanh u) / 2
    batch<T> spread;  ///< s (1 - s)

    explicit gelu_gate(batch<T> const& x) {
        batch<T> const one(wide_t<T>(1)), zero(wide_t<T>(0));
        batch<T> const twice_u =
            x * (batch<T>(wide_t<T>(1.5957691216057308)) + batch<T>(wide_t<T>(0.07135481627260025)) * (x * x));
        batch<T> const e = xsimd::exp(-xsimd::abs(twice_u));
        batch<T> const r = one / (one + e);
        s = xsimd::select(twice_u < zero, e * r, r);
        spread = e * r * r;
    }
};

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 over n elements; `y` may be `x`.
template <class T>
void gelu_forward(execution const&, T const* x, T* y, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 1>(
            begin, end, [](batch const& a) { return std::array<batch, 1>{a * detail::vec::gelu_gate<T>(a).s}; }, {y},
            x);
    });
}

/// dx = dy (s + x s (1 - s) d(2 u)/dx), with s and u as in `gelu_gate`. `dx` may be `dy` or `x`.
/// @pre |x| < 1e9: x^2 times a small number must stay finite
template <class T>
void gelu_backward(execution const&, T const* dy, T const* x, T* dx, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 1>(
            begin, end,
            [](batch const& d, batch const& a) {
                detail::vec::gelu_gate<T> const g(a);
                batch const slope =
                    batch(wide_t<T>(1.5957691216057308)) + batch(wide_t<T>(0.21406444881780075)) * (a * a);
                return std::array<batch, 1>{d * (g.s + a * g.spread * slope)};
            },
            {dx}, dy, x);
    });
}

}  // namespace shardtype::cpu
