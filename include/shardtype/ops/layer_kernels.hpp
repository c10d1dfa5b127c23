#pragma once

#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// The kernels of a Llama's layers, but for the products.

template <class On>
struct kernel_call<kernels::embedding_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::embedding_forward(c.exec, detail::ids(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0], s.dim[1],
                              c.part(s) * s.dim[2], s.dim[2]);
    }
};
template <class On>
struct kernel_call<kernels::embedding_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::embedding_backward(c.exec, detail::ids(a, 0), detail::in<T>(a, 1), detail::wide_out<T>(a, 2), s.dim[0],
                               s.dim[1], c.part(s) * s.dim[2], s.dim[2], c.adds(s.arg[2]));
    }
};
template <class On>
struct kernel_call<kernels::rms_norm_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::rms_norm_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2),
                             detail::wide_out<T>(a, 3), s.dim[0], s.dim[1], static_cast<wide_t<T>>(s.real));
    }
};
template <class On>
struct kernel_call<kernels::rms_norm_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::rms_norm_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2),
                              detail::wide_in<T>(a, 3), detail::out<T>(a, 4), c.adds(s.arg[4]),
                              detail::wide_out<T>(a, 5), c.adds(s.arg[5]), s.dim[0], s.dim[1]);
    }
};
namespace detail {
template <class T, class On>
void rotate(rank_context& c, step const& s, void* const* a, bool inverse) {
    wide_t<T> const* const cos = wide_in<T>(a, 1);
    On::rotary(c.exec, in<T>(a, 0), cos, cos + s.dim[1] * s.dim[3] / 2, out<T>(a, 2), s.dim[0], s.dim[1], s.dim[2],
               s.dim[3], inverse);
}
}  // namespace detail
template <class On>
struct kernel_call<kernels::rotary_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::rotate<T, On>(c, s, a, false);
    }
};
template <class On>
struct kernel_call<kernels::rotary_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::rotate<T, On>(c, s, a, true);
    }
};
template <class On>
struct kernel_call<kernels::swiglu_forward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::swiglu_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::swiglu_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::swiglu_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2), detail::out<T>(a, 3),
                            detail::out<T>(a, 4), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::cross_entropy_max, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cross_entropy_row_max(c.exec, detail::in<T>(a, 0), detail::wide_out<T>(a, 1), s.dim[0], s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::cross_entropy_sum, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cross_entropy_sum_and_pick(c.exec, detail::in<T>(a, 0), detail::ids(a, 1), detail::wide_in<T>(a, 2),
                                       detail::wide_out<T>(a, 3), s.dim[0], s.dim[1], c.part(s) * s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::cross_entropy_loss, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cross_entropy_loss(c.exec, detail::wide_in<T>(a, 0), detail::wide_in<T>(a, 1), detail::wide_out<T>(a, 2),
                               s.dim[0], static_cast<wide_t<T>>(s.real), c.adds(s.arg[2]));
    }
};
template <class On>
struct kernel_call<kernels::cross_entropy_backward, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cross_entropy_backward(c.exec, detail::in<T>(a, 0), detail::ids(a, 1), detail::wide_in<T>(a, 2),
                                   detail::wide_in<T>(a, 3), detail::out<T>(a, 4), s.dim[0], s.dim[1],
                                   c.part(s) * s.dim[1], static_cast<wide_t<T>>(s.real));
    }
};

}  // namespace shardtype
