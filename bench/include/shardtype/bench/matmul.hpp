#pragma once

#include <shardtype/rules/checks.hpp>  // first, so that a compiler's "included from" is short

#include <shardtype/bench/operation.hpp>

namespace shardtype::bench {

namespace detail {
template <class X>
struct product_rule {
    using type = rules::matmul;
};
template <class X>
    requires(X::value.rank == 3)
struct product_rule<X> {
    using type = rules::linear;
};
}  // namespace detail

/// The product of every rank's parts: of a layer, x[b, s, k] w[n, k]^T (rule linear), or of matrices x[m, k] w[k, n]
/// (rule matmul). `BENCHMARK(bench::matmul<x, w>)`. Limit: the FMA peak.
/// @pre the rule takes the pair [ST-R3xx]
template <class X, class W>
void matmul(benchmark::State& state) {
    forward<typename detail::product_rule<X>::type, X, W>(state);
}
/// The gradient of x from that of the product.
template <class X, class W>
void matmul_left_gradient(benchmark::State& state) {
    detail::measure_operation<typename detail::product_rule<X>::type, 0b01, false, X, W>(state);
}
/// The gradient of w; `Adds`: added to what is there.
template <class X, class W, bool Adds = false>
void matmul_right_gradient(benchmark::State& state) {
    detail::measure_operation<typename detail::product_rule<X>::type, 0b10, Adds, X, W>(state);
}

}  // namespace shardtype::bench
