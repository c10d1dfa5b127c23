#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

namespace detail {

/// A collective step's start, wait or finish (by the step's kind) on the communicator of its axis, which is lent the
/// step's room before the start, where there is one.
template <class T, class Communicators>
struct collective_call {
    std::remove_cvref_t<decltype(std::declval<Communicators const&>().on[0])> const& on;
    int slot;
    T const* source;
    T* target;
    step_kind phase;

    collective_call(rank_context const& c, step const& s, void* const* a)
        : on(static_cast<rank_on<Communicators> const&>(c).comm.on[s.axis]),
          slot(c.slot(s)),
          source(static_cast<T const*>(a[0])),
          target(static_cast<T*>(a[1])),
          phase(s.kind) {
        if constexpr (requires { on.lend(slot, static_cast<std::byte*>(nullptr), 0L); })
            if (s.args > 2 && starts()) on.lend(slot, static_cast<std::byte*>(a[2]), s.dim[kernels::room_dim]);
        if constexpr (requires { on.only_stores(slot); })
            if (s.args <= 2 && starts() && s.arg[1].mode == accumulate::write) on.only_stores(slot);
    }
    [[nodiscard]] bool starts() const {
        return phase != step_kind::collective_wait && phase != step_kind::collective_finish;
    }
};

template <class T, class Communicators>
void reduce_all(collective_call<T, Communicators> const& call, long count, reduction by) {
    if (call.phase == step_kind::collective_wait)
        call.on.all_reduce_wait(call.slot, call.source, call.target, count, by);
    else if (call.phase == step_kind::collective_finish)
        call.on.all_reduce_finish(call.slot, call.source, call.target, count, by);
    else
        call.on.all_reduce_start(call.slot, call.source, call.target, count, by);
}

}  // namespace detail

template <class On>
struct kernel_call<kernels::all_reduce, On> {
    template <class T, class Communicators>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::reduce_all<T, Communicators>({c, s, a}, s.dim[0], reduction::sum);
    }
};
template <class On>
struct kernel_call<kernels::all_reduce_max, On> {
    template <class T, class Communicators>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::reduce_all<T, Communicators>({c, s, a}, s.dim[0], reduction::max);
    }
};
template <class On>
struct kernel_call<kernels::all_gather, On> {
    template <class T, class Communicators>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::collective_call<T, Communicators> const call(c, s, a);
        if (call.phase == step_kind::collective_wait)
            call.on.all_gather_wait(call.slot, call.source, call.target, s.dim[0], s.dim[1]);
        else if (call.phase == step_kind::collective_finish)
            call.on.all_gather_finish(call.slot, call.source, call.target, s.dim[0], s.dim[1]);
        else
            call.on.all_gather_start(call.slot, call.source, call.target, s.dim[0], s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::reduce_scatter, On> {
    template <class T, class Communicators>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::collective_call<T, Communicators> const call(c, s, a);
        if (call.phase == step_kind::collective_wait)
            call.on.reduce_scatter_wait(call.slot, call.source, call.target, s.dim[0], s.dim[1], c.adds(s.arg[1]));
        else if (call.phase == step_kind::collective_finish)
            call.on.reduce_scatter_finish(call.slot, call.source, call.target, s.dim[0], s.dim[1]);
        else
            call.on.reduce_scatter_start(call.slot, call.source, call.target, s.dim[0], s.dim[1]);
    }
};
template <class On>
struct kernel_call<kernels::all_to_all, On> {
    template <class T, class Communicators>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        detail::collective_call<T, Communicators> const call(c, s, a);
        exchange const shapes{s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4] != 0};
        if (call.phase == step_kind::collective_wait)
            call.on.all_to_all_wait(call.slot, call.source, call.target, shapes);
        else if (call.phase == step_kind::collective_finish)
            call.on.all_to_all_finish(call.slot, call.source, call.target, shapes);
        else
            call.on.all_to_all_start(call.slot, call.source, call.target, shapes);
    }
};

}  // namespace shardtype
