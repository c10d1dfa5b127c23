#pragma once

#include <cmath>

#include <shardtype/kernels/cpu/attention.hpp>
#include <shardtype/kernels/cpu/cross_entropy.hpp>
#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/kernels/cpu/embedding.hpp>
#include <shardtype/kernels/cpu/rms_norm.hpp>
#include <shardtype/kernels/cpu/rotary.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include <shardtype/kernels/cpu/swiglu.hpp>
#include <shardtype/ops/rank_context.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// Each kernel name's call on the CPU: a step's arguments and dims to a plain function. Argument order is
// schedule/kernels.hpp's. Of a step of bf16, what sums or counts is float: statistics, the rotary table, the loss and
// the gradients of weights; and the optimizer's steps work on the float state.

namespace detail {
template <class T>
T const* in(void* const* a, int i) {
    return static_cast<T const*>(a[i]);
}
template <class T>
T* out(void* const* a, int i) {
    return static_cast<T*>(a[i]);
}
/// A float of a step of bf16, else T.
template <class T>
wide_t<T> const* wide_in(void* const* a, int i) {
    return static_cast<wide_t<T> const*>(a[i]);
}
template <class T>
wide_t<T>* wide_out(void* const* a, int i) {
    return static_cast<wide_t<T>*>(a[i]);
}
inline int const* ids(void* const* a, int i) { return static_cast<int const*>(a[i]); }
}  // namespace detail

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
struct cpu_kernel<kernels::add> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::add(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::copy> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        T* const to = detail::out<T>(a, 1);
        if (c.adds(s.arg[1])) {
            cpu::add(c.exec, static_cast<T const*>(to), detail::in<T>(a, 0), to, s.dim[0]);
        } else {
            cpu::copy(c.exec, detail::in<T>(a, 0), to, s.dim[0]);
        }
    }
};
template <>
struct cpu_kernel<kernels::cast_to_bf16> {
    template <class>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cast_to_bf16(c.exec, detail::in<float>(a, 0), detail::out<bf16>(a, 1), s.dim[0]);
    }
};
template <>
struct cpu_kernel<kernels::cast_to_f32> {
    template <class>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::cast_to_f32(c.exec, detail::in<bf16>(a, 0), detail::out<float>(a, 1), s.dim[0], c.adds(s.arg[1]));
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
template <>
struct cpu_kernel<kernels::square_sum> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        auto const* group = reinterpret_cast<wide_t<T> const*>(static_cast<char const*>(a[0]) + s.dim[0]);
        cpu::square_sum(c.exec, group, s.dim[1], detail::out<double>(a, 1), false);
    }
};
template <>
struct cpu_kernel<kernels::clip> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        int const groups = static_cast<int>(s.dim[0]);
        double total = 0;
        for (int i = 0; i < groups; ++i) total += *detail::in<double>(a, i);
        double* const report = detail::out<double>(a, groups + 1);
        report[0] = static_cast<double>(*detail::wide_in<T>(a, groups));
        report[1] = std::sqrt(total);
        report[2] = cpu::clip_scale(total, c.numbers.max_norm);
    }
};
template <>
struct cpu_kernel<kernels::adamw> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::adamw(c.exec, detail::wide_out<T>(a, 0), detail::wide_in<T>(a, 1), detail::wide_out<T>(a, 2),
                   detail::wide_out<T>(a, 3), s.dim[0], c.numbers.adamw,
                   static_cast<wide_t<T>>(detail::in<double>(a, 4)[2]));
    }
};
template <>
struct cpu_kernel<kernels::slice> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::slice(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[2], s.dim[1],
                   static_cast<long>(c.coordinate[s.axis]));
    }
};
template <>
struct cpu_kernel<kernels::zero_pad> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::zero_pad(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[2], s.dim[1],
                      static_cast<long>(c.coordinate[s.axis]));
    }
};
template <>
struct cpu_kernel<kernels::resize> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cpu::resize(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[1], s.dim[2]);
    }
};
template <>
struct cpu_kernel<kernels::mask> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        if (c.coordinate[s.axis] == 0) {
            cpu::copy(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0]);
        } else {
            cpu::fill(c.exec, T(0), detail::out<T>(a, 1), s.dim[0]);
        }
    }
};

}  // namespace shardtype
