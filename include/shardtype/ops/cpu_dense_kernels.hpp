#pragma once

#include <shardtype/kernels/cpu/bias.hpp>
#include <shardtype/kernels/cpu/gelu.hpp>
#include <shardtype/kernels/cpu/layer_norm.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// The kernels that a GPT-2 has beside a Llama's.

template <>
struct cpu_kernel<kernels::layer_norm_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        wide_t<T>* const mean = detail::out<wide_t<T>>(a, 4);
        cpu::layer_norm_forward<T>(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2),
                                   detail::out<T>(a, 3), mean, mean + s.dim[0], s.dim[0], s.dim[1],
                                   static_cast<wide_t<T>>(s.real));
    }
};
template <>
struct cpu_kernel<kernels::layer_norm_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        wide_t<T> const* const mean = detail::in<wide_t<T>>(a, 3);
        cpu::layer_norm_backward<T>(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2), mean,
                                    mean + s.dim[0], detail::out<T>(a, 4), c.adds(s.arg[4]),
                                    detail::out<wide_t<T>>(a, 5), c.adds(s.arg[5]), detail::out<wide_t<T>>(a, 6),
                                    c.adds(s.arg[6]), s.dim[0], s.dim[1]);
    }
};
template <>
struct cpu_kernel<kernels::gelu_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::gelu_forward(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::gelu_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::gelu_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::bias_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::bias_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0], s.dim[1]);
    }
};
template <>
struct cpu_kernel<kernels::bias_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::bias_backward(c.exec, detail::in<T>(a, 0), detail::out<wide_t<T>>(a, 1), c.adds(s.arg[1]), s.dim[0],
                           s.dim[1]);
    }
};

}  // namespace shardtype
