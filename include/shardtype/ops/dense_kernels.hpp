#pragma once

#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// The kernels that a GPT-2 has beside a Llama's.

template <class On>
struct kernel_call<kernels::layer_norm_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        wide_t<T>* const mean = detail::out<wide_t<T>>(a, 4);
        On::layer_norm_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2),
                               detail::out<T>(a, 3), mean, mean + s.dim[0], s.dim[0], s.dim[1],
                               static_cast<wide_t<T>>(s.real));
    }
};
template <class On>
struct kernel_call<kernels::layer_norm_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        wide_t<T> const* const mean = detail::in<wide_t<T>>(a, 3);
        On::layer_norm_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2), mean,
                                mean + s.dim[0], detail::out<T>(a, 4), c.adds(s.arg[4]), detail::out<wide_t<T>>(a, 5),
                                c.adds(s.arg[5]), detail::out<wide_t<T>>(a, 6), c.adds(s.arg[6]), s.dim[0], s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::gelu_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::gelu_forward(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::gelu_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::gelu_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::bias_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::bias_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0], s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::bias_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::bias_backward(c.exec, detail::in<T>(a, 0), detail::out<wide_t<T>>(a, 1), c.adds(s.arg[1]), s.dim[0],
                          s.dim[1]);
    }
};

}  // namespace shardtype
