#pragma once

#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// Sums, copies and casts of whole tensors, and the local part of redistributions.

template <class On>
struct kernel_call<kernels::add, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::add(c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::out<T>(a, 2), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::copy, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        T* const to = detail::out<T>(a, 1);
        if (c.adds(s.arg[1])) {
            On::add(c.exec, static_cast<T const*>(to), detail::in<T>(a, 0), to, s.dim[0]);
        } else {
            On::copy(c.exec, detail::in<T>(a, 0), to, s.dim[0]);
        }
    }
};
template <class On>
struct kernel_call<kernels::cast_to_bf16, On> {
    template <class>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cast_to_bf16(c.exec, detail::in<float>(a, 0), detail::out<bf16>(a, 1), s.dim[0]);
    }
};
template <class On>
struct kernel_call<kernels::cast_to_f32, On> {
    template <class>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::cast_to_f32(c.exec, detail::in<bf16>(a, 0), detail::out<float>(a, 1), s.dim[0], c.adds(s.arg[1]));
    }
};
template <class On>
struct kernel_call<kernels::slice, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::slice(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[2], s.dim[1],
                  static_cast<long>(c.coordinate[s.axis]));
    }
};
template <class On>
struct kernel_call<kernels::zero_pad, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::zero_pad(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[2], s.dim[1],
                     static_cast<long>(c.coordinate[s.axis]));
    }
};
template <class On>
struct kernel_call<kernels::resize, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        On::resize(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0], s.dim[1], s.dim[2]);
    }
};
template <class On>
struct kernel_call<kernels::mask, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        if (c.coordinate[s.axis] == 0) {
            On::copy(c.exec, detail::in<T>(a, 0), detail::out<T>(a, 1), s.dim[0]);
        } else {
            On::fill(c.exec, T(0), detail::out<T>(a, 1), s.dim[0]);
        }
    }
};

template <class On>
struct kernel_call<kernels::square_sum, On> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        auto const* group = reinterpret_cast<wide_t<T> const*>(static_cast<char const*>(a[0]) + s.dim[0]);
        On::square_sum(c.exec, group, s.dim[1], detail::out<double>(a, 1), false);
    }
};

}  // namespace shardtype
