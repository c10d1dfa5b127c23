#pragma once

#include <cmath>

#include <shardtype/kernels/cpu/adamw.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// The end of a step: the gradients' norm, the scale of clipping, the optimizer.

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

}  // namespace shardtype
