#pragma once

#include <optional>

#include <shardtype/kernels/cpu/gemm.hpp>
#include <shardtype/ops/cpu_scratch.hpp>
#include <shardtype/ops/kernel_call.hpp>

namespace shardtype {

namespace detail {

/// The primitives of one product step: replacing and, where the step may add, adding.
template <class T, class Result>
struct prepared_product final : prepared {
    std::optional<cpu::gemm<T, Result>> replace;
    std::optional<cpu::gemm<T, Result>> add;
};

struct cpu_product {
    template <class T>
    static std::unique_ptr<prepared> prepare(rank_context&, step const& s, void* const*) {
        return is_weight_gradient(s) ? make<T, wide_t<T>>(s) : make<T, T>(s);
    }
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const* ready) {
        is_weight_gradient(s) ? multiply<T, wide_t<T>>(c, s, a, ready) : multiply<T, T>(c, s, a, ready);
    }

  private:
    template <class T, class Result>
    static std::unique_ptr<prepared> make(step const& s) {
        product const p = product_of(s);
        auto made = std::make_unique<prepared_product<T, Result>>();
        accumulate const mode = s.arg[2].mode;
        if (mode != accumulate::add) made->replace.emplace(p.m, p.n, p.k, p.transpose_a, p.transpose_b, false);
        if (mode != accumulate::write) made->add.emplace(p.m, p.n, p.k, p.transpose_a, p.transpose_b, true);
        return made;
    }
    template <class T, class Result>
    static void multiply(rank_context& c, step const& s, void* const* a, prepared const* ready) {
        auto const& with = static_cast<prepared_product<T, Result> const&>(*ready);
        // A weight's gradient is dy^T x: its left factor is the second operand.
        bool const weight = s.kernel == id_of<kernels::linear_weight_gradient>;
        auto const* left = static_cast<T const*>(a[weight ? 1 : 0]);
        auto const* right = static_cast<T const*>(a[weight ? 0 : 1]);
        auto const& product = c.adds(s.arg[2]) ? with.add : with.replace;
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): prepare made those that this step can ask for
        (*product)(c.exec, left, right, static_cast<Result*>(a[2]));
    }
};

}  // namespace detail

template <>
struct cpu_kernel<kernels::linear_forward> : detail::cpu_product {};
template <>
struct cpu_kernel<kernels::linear_input_gradient> : detail::cpu_product {};
template <>
struct cpu_kernel<kernels::linear_weight_gradient> : detail::cpu_product {};
template <>
struct cpu_kernel<kernels::matmul_forward> : detail::cpu_product {};
template <>
struct cpu_kernel<kernels::matmul_left_gradient> : detail::cpu_product {};
template <>
struct cpu_kernel<kernels::matmul_right_gradient> : detail::cpu_product {};

}  // namespace shardtype
