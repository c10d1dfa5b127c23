#pragma once

#include <shardtype/ops/rank_context.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

namespace detail {

/// A collective's start or wait, by the step's kind, on the communicator of the step's axis.
inline bool starts(step const& s) { return s.kind != step_kind::collective_wait; }

struct reduce_all {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, reduction by) {
        auto const* source = static_cast<T const*>(a[0]);
        auto* target = static_cast<T*>(a[1]);
        auto const& on = c.comm.on[s.axis];
        if (starts(s)) {
            on.all_reduce_start(c.slot(s), source, target, s.dim[0]);
        } else {
            on.all_reduce_wait(c.slot(s), source, target, s.dim[0], by);
        }
    }
};

}  // namespace detail

template <>
struct cpu_kernel<kernels::all_reduce> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::reduce_all::run<T>(c, s, a, reduction::sum);
    }
};
template <>
struct cpu_kernel<kernels::all_reduce_max> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::reduce_all::run<T>(c, s, a, reduction::max);
    }
};
template <>
struct cpu_kernel<kernels::all_gather> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        auto const* source = static_cast<T const*>(a[0]);
        auto* target = static_cast<T*>(a[1]);
        auto const& on = c.comm.on[s.axis];
        if (detail::starts(s)) {
            on.all_gather_start(c.slot(s), source, target, s.dim[0], s.dim[1]);
        } else {
            on.all_gather_wait(c.slot(s), source, target, s.dim[0], s.dim[1]);
        }
    }
};
template <>
struct cpu_kernel<kernels::reduce_scatter> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        auto const* source = static_cast<T const*>(a[0]);
        auto* target = static_cast<T*>(a[1]);
        auto const& on = c.comm.on[s.axis];
        if (detail::starts(s)) {
            on.reduce_scatter_start(c.slot(s), source, target, s.dim[0], s.dim[1]);
        } else {
            on.reduce_scatter_wait(c.slot(s), source, target, s.dim[0], s.dim[1], c.adds(s.arg[1]));
        }
    }
};
template <>
struct cpu_kernel<kernels::all_to_all> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        auto const* source = static_cast<T const*>(a[0]);
        auto* target = static_cast<T*>(a[1]);
        exchange const shapes{s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4] != 0};
        auto const& on = c.comm.on[s.axis];
        if (detail::starts(s)) {
            on.all_to_all_start(c.slot(s), source, target, shapes);
        } else {
            on.all_to_all_wait(c.slot(s), source, target, shapes);
        }
    }
};

}  // namespace shardtype
