#pragma once

#include <shardtype/kernels/cpu/attention.hpp>
#include <shardtype/kernels/cpu/cross_entropy.hpp>
#include <shardtype/kernels/cpu/embedding.hpp>
#include <shardtype/kernels/cpu/rms_norm.hpp>
#include <shardtype/kernels/cpu/rotary.hpp>
#include <shardtype/kernels/cpu/swiglu.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// The kernels of a Llama's layers, but for the products.

template <>
struct cpu_kernel<kernels::embedding_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::embedding_forward(c.exec, detail::ids(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0], s.dim[1],
                               c.part(s) * s.dim[2], s.dim[2]);
    }
};
template <>
struct cpu_kernel<kernels::embedding_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::embedding_backward(c.exec, detail::ids(a, 0), detail::in<T>(a, 1), detail::wide_out<T>(a, 2), s.dim[0],
                                s.dim[1], c.part(s) * s.dim[2], s.dim[2], c.adds(s.arg[2]));
    }
};
template <>
struct cpu_kernel<kernels::rms_norm_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::rms_norm_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2),
                              detail::wide_out<T>(a, 3), s.dim[0], s.dim[1], static_cast<wide_t<T>>(s.real));
    }
};
template <>
struct cpu_kernel<kernels::rms_norm_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::rms_norm_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2),
                               detail::wide_in<T>(a, 3), detail::out<T>(a, 4), c.adds(s.arg[4]),
                               detail::wide_out<T>(a, 5), c.adds(s.arg[5]), s.dim[0], s.dim[1]);
    }
};
template <>
struct cpu_kernel<kernels::rotary_table> {
    template <class T>
    static void run(rank_context&, step const& s, void* const* a, prepared const*) {
        wide_t<T>* const cos = detail::wide_out<T>(a, 0);
        cpu::rotary_table(cos, cos + s.dim[0] * s.dim[1] / 2, s.dim[0], s.dim[1], static_cast<double>(s.dim[2]));
    }
};
namespace detail {
template <class T>
void rotate(rank_context& c, step const& s, void* const* a, bool inverse) {
    wide_t<T> const* const cos = wide_in<T>(a, 1);
    cpu::rotary(c.exec, in<T>(a, 0), cos, cos + s.dim[1] * s.dim[3] / 2, out<T>(a, 2), s.dim[0], s.dim[1], s.dim[2],
                s.dim[3], inverse);
}
}  // namespace detail
template <>
struct cpu_kernel<kernels::rotary_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::rotate<T>(c, s, a, false);
    }
};
template <>
struct cpu_kernel<kernels::rotary_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::rotate<T>(c, s, a, true);
    }
};
template <>
struct cpu_kernel<kernels::attention_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::attention_forward<T>(c.exec, {s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4]}, detail::in<T>(a, 0),
                                  detail::in<T>(a, 1), detail::in<T>(a, 2), detail::out<T>(a, 3),
                                  detail::wide_out<T>(a, 4));
    }
};
template <>
struct cpu_kernel<kernels::attention_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::attention_backward<T>(c.exec, {s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4]}, detail::in<T>(a, 0),
                                   detail::in<T>(a, 1), detail::in<T>(a, 2), detail::in<T>(a, 3),
                                   detail::wide_in<T>(a, 4), detail::in<T>(a, 5), detail::out<T>(a, 6),
                                   detail::out<T>(a, 7), detail::out<T>(a, 8));
    }
};
template <>
struct cpu_kernel<kernels::swiglu_forward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::swiglu_forward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::swiglu_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::swiglu_backward(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2),
                             detail::out<T>(a, 3), detail::out<T>(a, 4), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::cross_entropy_max> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cross_entropy_row_max(c.exec, detail::in<T>(a, 0), detail::wide_out<T>(a, 1), s.dim[0], s.dim[1]);
    }
};
template <>
struct cpu_kernel<kernels::cross_entropy_sum> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cross_entropy_sum_and_pick(c.exec, detail::in<T>(a, 0), detail::ids(a, 1), detail::wide_in<T>(a, 2),
                                        detail::wide_out<T>(a, 3), s.dim[0], s.dim[1], c.part(s) * s.dim[1]);
    }
};
template <>
struct cpu_kernel<kernels::cross_entropy_loss> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cross_entropy_loss(c.exec, detail::wide_in<T>(a, 0), detail::wide_in<T>(a, 1), detail::wide_out<T>(a, 2),
                                s.dim[0], static_cast<wide_t<T>>(s.real), c.adds(s.arg[2]));
    }
};
template <>
struct cpu_kernel<kernels::cross_entropy_backward> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cross_entropy_backward(c.exec, detail::in<T>(a, 0), detail::ids(a, 1), detail::wide_in<T>(a, 2),
                                    detail::wide_in<T>(a, 3), detail::out<T>(a, 4), s.dim[0], s.dim[1],
                                    c.part(s) * s.dim[1], static_cast<wide_t<T>>(s.real));
    }
};

}  // namespace shardtype
