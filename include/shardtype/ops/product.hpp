#pragma once

#include <shardtype/schedule/kernels.hpp>
#include <shardtype/schedule/step.hpp>

namespace shardtype::detail {

/// Is the product a weight's gradient, float where its factors are bf16?
constexpr bool is_weight_gradient(step const& s) {
    return s.kernel == id_of<kernels::linear_weight_gradient> || s.kernel == id_of<kernels::matmul_right_gradient>;
}

/// The row-major product C[m, n] (+)= op(A)[m, k] op(B)[k, n] behind a product kernel.
struct product {
    bool is = false;
    long m = 0, n = 0, k = 0;
    bool transpose_a = false, transpose_b = false;
};
constexpr product product_of(step const& s) {
    long const m = s.dim[0], n = s.dim[1], k = s.dim[2];
    if (s.kernel == id_of<kernels::linear_forward>) return {true, m, n, k, false, true};
    if (s.kernel == id_of<kernels::linear_input_gradient>) return {true, m, k, n, false, false};
    if (s.kernel == id_of<kernels::linear_weight_gradient>) return {true, n, k, m, true, false};
    if (s.kernel == id_of<kernels::matmul_forward>) return {true, m, n, k, false, false};
    if (s.kernel == id_of<kernels::matmul_left_gradient>) return {true, m, k, n, false, true};
    if (s.kernel == id_of<kernels::matmul_right_gradient>) return {true, k, n, m, true, false};
    return {};
}

}  // namespace shardtype::detail
