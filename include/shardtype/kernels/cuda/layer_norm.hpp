#pragma once
#include <shardtype/kernels/cuda/norm_backward.hpp>
#include <shardtype/kernels/cuda/norm_forward.hpp>

namespace shardtype::cuda {

/// y = (x - mean) rstd w + b with mean and rstd = 1 / sqrt(variance + eps) per row; x, y [rows, cols], w, b [cols],
/// mean, rstd [rows]. `y` may be `x`.
template <class T>
void layer_norm_forward(execution const& with, T const* x, T const* w, T const* b, T* y, wide_t<T>* mean,
                        wide_t<T>* rstd, long rows, long cols, wide_t<T> eps) {
    detail::norm_forward<true>(with, detail::norm_rows<T>{x, w, b, y, mean, rstd, rows, cols, eps});
}

/// With h = (x - mean) rstd and g = dy w: dx (+)= rstd (g - mean(g) - h mean(g h)) per row, dw (+)= sum over rows of
/// dy h, db (+)= sum over rows of dy, in a fixed order. `dx` may be `dy` or `x` where it is not accumulated. dw and db of
/// bf16 are float. Takes scratch.
template <class T>
void layer_norm_backward(execution const& with, T const* dy, T const* x, T const* w, wide_t<T> const* mean,
                         wide_t<T> const* rstd, T* dx, bool accumulate_dx, wide_t<T>* dw, bool accumulate_dw,
                         wide_t<T>* db, bool accumulate_db, long rows, long cols) {
    long const count = detail::norm_backward_parts<true>(
        with, detail::norm_gradient_rows<T>{dy, x, w, mean, rstd, dx, accumulate_dx, rows, cols});
    auto const* const parts = static_cast<wide_t<T> const*>(with.scratch);
    detail::add_parts(with, parts, count, 2, 0, dw, accumulate_dw, cols);
    detail::add_parts(with, parts, count, 2, 1, db, accumulate_db, cols);
}

}  // namespace shardtype::cuda
