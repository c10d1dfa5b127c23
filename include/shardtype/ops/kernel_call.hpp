#pragma once

#include <shardtype/ops/rank_context.hpp>

namespace shardtype {

/// How one of the library's kernels is called: a step's operands and sizes to the function of that name that is a
/// static member of `On`. Argument order is schedule/kernels.hpp's.
template <class Kernel, class On>
struct kernel_call;

namespace detail {
struct cpu_functions;
}  // namespace detail

/// The CPU's implementation of a kernel name:
/// `run<T>(rank_context&, step const&, void* const* arguments, prepared const*)`, and
/// `prepare<T>(rank_context&, step const&, void* const* arguments)` where set-up is needed. One that talks to other
/// ranks is `run<T, Communicators>`, and finds them in the `rank_on<Communicators>` that its rank_context is. A job's
/// own kernels are specialisations.
template <class Kernel>
struct cpu_kernel : kernel_call<Kernel, detail::cpu_functions> {};

}  // namespace shardtype
