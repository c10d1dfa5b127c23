#pragma once

#include <shardtype/comm/thread/staging.hpp>
#include <shardtype/kernels/cpu/attention_scratch.hpp>
#include <shardtype/kernels/cpu/gemm_scratch.hpp>
#include <shardtype/ops/product.hpp>
#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

namespace detail {

template <class T>
constexpr long cpu_scratch(step const& s) {
    cpu::attention_shape const shape{s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4]};
    if (s.kernel == id_of<kernels::attention_forward>) return cpu::attention_forward_scratch_bytes<T>(shape);
    if (s.kernel == id_of<kernels::attention_backward>) return cpu::attention_backward_scratch_bytes<T>(shape);
    product const p = product_of(s);
    return p.is ? cpu::gemm_scratch_bytes<T>(p.m, p.n, p.k) : 0;
}

constexpr long cpu_scratch_of(step const& s) {
    return s.type == dtype::f64    ? cpu_scratch<double>(s)
           : s.type == dtype::bf16 ? cpu_scratch<bf16>(s)
                                   : cpu_scratch<float>(s);
}

}  // namespace detail

/// The CPU back end's bounds on scratch, for the schedule; light enough for programs that only lay out memory.
struct cpu_back_end {
    static constexpr scratch_bound scratch = &detail::cpu_scratch_of;  ///< of a step
    /// What collectives copy aside, of one rank.
    static constexpr long staging_bytes(int axes) { return thread::staging::bytes(axes); }
    /// What a process takes outside its ranks' arenas: oneDNN's code and primitives, the communicators' boards, stacks.
    /// `build/bench/memory_reserve` measures and prints both; tests/runtime/memory.cpp holds a process to the plan with them.
    /// @{
    static constexpr long reserved_per_process = 6'500'000, reserved_per_rank = 345'000;
    static constexpr long reserved_bytes(long ranks) { return reserved_per_process + ranks * reserved_per_rank; }
    /// @}
};

}  // namespace shardtype
