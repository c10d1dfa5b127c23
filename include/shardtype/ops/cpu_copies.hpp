#pragma once

#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// Sums, copies and casts of whole tensors, and the local part of redistributions.

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
