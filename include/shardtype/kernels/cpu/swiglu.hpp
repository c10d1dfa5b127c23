#pragma once
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// y = silu(gate) up over n elements, with silu(x) = x / (1 + exp(-x)); `y` may be `gate` or `up`.
template <class T>
void swiglu_forward(execution const&, T const* gate, T const* up, T* y, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 1>(
            begin, end,
            [](batch const& g, batch const& u) {
                return std::array<batch, 1>{g / (batch(wide_t<T>(1)) + xsimd::exp(-g)) * u};
            },
            {y}, gate, up);
    });
}

/// dgate = dy up silu'(gate) and dup = dy silu(gate), with silu'(x) = s (1 + x (1 - s)) and s = 1 / (1 + exp(-x)).
/// Each output may be any of the inputs.
template <class T>
void swiglu_backward(execution const&, T const* dy, T const* gate, T const* up, T* dgate, T* dup, long n) {
    using batch = detail::vec::batch<T>;
    for_each_block(n, [=](long begin, long end) {
        detail::vec::map<T, 2>(
            begin, end,
            [](batch const& d, batch const& g, batch const& u) {
                batch const one(wide_t<T>(1));
                batch const s = one / (one + xsimd::exp(-g));
                return std::array<batch, 2>{d * u * (s * (one + g * (one - s))), d * (g * s)};
            },
            {dgate, dup}, dy, gate, up);
    });
}

}  // namespace shardtype::cpu
