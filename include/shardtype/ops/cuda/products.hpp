#pragma once

#include <optional>

#include <shardtype/kernels/cuda/gemm.hpp>
#include <shardtype/ops/cuda/functions.hpp>
#include <shardtype/ops/product.hpp>

namespace shardtype {

namespace detail {

/// The products of one step: replacing and, where the step may add, adding.
template <class T, class Result>
struct prepared_cuda_product final : prepared {
    std::optional<cuda::gemm<T, Result>> replace;
    std::optional<cuda::gemm<T, Result>> add;
};

struct cuda_product {
    template <class T>
    static std::unique_ptr<prepared> prepare(rank_context& c, step const& s, void* const* a) {
        return is_weight_gradient(s) ? make<T, wide_t<T>>(c, s, a) : make<T, T>(c, s, a);
    }
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const* ready) {
        is_weight_gradient(s) ? multiply<T, wide_t<T>>(c, s, a, ready) : multiply<T, T>(c, s, a, ready);
    }

  private:
    // A weight's gradient is dy^T x: its left factor is the second operand.
    static int left(step const& s) { return s.kernel == id_of<kernels::linear_weight_gradient> ? 1 : 0; }

    template <class T, class Result>
    static std::unique_ptr<prepared> make(rank_context& c, step const& s, void* const* a) {
        product const p = product_of(s);
        auto made = std::make_unique<prepared_cuda_product<T, Result>>();
        accumulate const mode = s.arg[2].mode;
        auto const one = [&](std::optional<cuda::gemm<T, Result>>& of, bool adds) {
            of.emplace(p.m, p.n, p.k, p.transpose_a, p.transpose_b, adds);
            // Nothing is in the arena yet: what tuning writes there is lost without harm.
            if (of->wants_tuning())
                of->tune(c.exec, static_cast<T const*>(a[left(s)]), static_cast<T const*>(a[1 - left(s)]),
                         static_cast<Result*>(a[2]));
        };
        if (mode != accumulate::add) one(made->replace, false);
        if (mode != accumulate::write) one(made->add, true);
        return made;
    }
    template <class T, class Result>
    static void multiply(rank_context& c, step const& s, void* const* a, prepared const* ready) {
        auto const& with = static_cast<prepared_cuda_product<T, Result> const&>(*ready);
        auto const& product = c.adds(s.arg[2]) ? with.add : with.replace;
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): prepare made those that this step can ask for
        (*product)(c.exec, static_cast<T const*>(a[left(s)]), static_cast<T const*>(a[1 - left(s)]),
                   static_cast<Result*>(a[2]));
    }
};

}  // namespace detail

template <>
struct cuda_kernel<kernels::linear_forward> : detail::cuda_product {};
template <>
struct cuda_kernel<kernels::linear_input_gradient> : detail::cuda_product {};
template <>
struct cuda_kernel<kernels::linear_weight_gradient> : detail::cuda_product {};
template <>
struct cuda_kernel<kernels::matmul_forward> : detail::cuda_product {};
template <>
struct cuda_kernel<kernels::matmul_left_gradient> : detail::cuda_product {};
template <>
struct cuda_kernel<kernels::matmul_right_gradient> : detail::cuda_product {};

}  // namespace shardtype
