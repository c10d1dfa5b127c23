#pragma once

#include <cmath>

#include <shardtype/kernels/cpu/adamw.hpp>
#include <shardtype/kernels/cpu/attention.hpp>
#include <shardtype/kernels/cpu/rotary.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// What a GPU does in another way: constants of set-up, attention, and the end of a step, whose numbers lie elsewhere there.

template <>
struct cpu_kernel<kernels::rotary_table> {
    template <class T>
    static void run(rank_context&, step const& s, void* const* a, prepared const*) {
        wide_t<T>* const cos = detail::wide_out<T>(a, 0);
        cpu::rotary_table(cos, cos + s.dim[0] * s.dim[1] / 2, s.dim[0], s.dim[1], static_cast<double>(s.dim[2]));
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

}  // namespace shardtype
